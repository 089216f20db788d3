"""`lineup import litellm`: another proxy's configuration as a file of ours. Nothing is asked, and nothing is stored."""

from model_lineup.cli import show
from model_lineup.cli.as_code import File, Output, read, write
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import noun, verb

app = noun("import", "Files of other gateways, turned into a configuration file.")


@verb(
    app,
    "litellm",
    only_here=True,
    json=False,
    examples=["lineup import litellm -f config.yaml -o lineup.toml", "lineup import litellm -f config.yaml | less"],
)
def import_litellm(here: Session, file: File, output: Output = None) -> None:
    """A LiteLLM proxy's config.yaml as a file for `lineup apply`: look it over first.

    Deployments of one name become an alias with fallbacks. What is not carried is listed, each with its reason.
    """
    from model_lineup.changes.as_code.litellm.converting import convert

    done = convert(read(file))
    write(done.text, output)
    counted = (
        show.count(done.providers, "provider"),
        show.count(done.models, "model"),
        show.count(done.aliases, "alias", "aliases"),
    )
    show.note(f"{', '.join(counted)}; {len(done.left_out)} not carried.")
    for what, why in done.left_out:
        show.note(f"  {what}: {why}")
    if output is not None:
        show.note(f"`lineup apply -f {output} --dry-run` shows what it would do.")
