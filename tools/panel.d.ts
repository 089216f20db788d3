// What the built libraries put into the window of every page of the panel.
import type { Htmx } from "htmx.org";
import type UPlot from "uplot";

declare global {
  const htmx: Htmx;
  const uPlot: typeof UPlot;
}
