"""A LiteLLM proxy's `config.yaml` turned into a configuration file of ours, to be looked at before it is applied.

Enter at `converting.convert`. `reading` takes the YAML apart, `places` knows where a deployment leads, `facts` what its
`model_info` says. Nothing is dropped without a word: what is not carried is listed, each with its reason.
"""
