// Before anything is painted: dark where the visitor, or else the system, wants it. Not a module, so that it blocks.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    if (root.dataset.theme === "system") root.classList.toggle("dark", dark.matches);
  };
  apply();
  dark.addEventListener("change", apply);
})();
