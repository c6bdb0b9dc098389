/** A plot over time. Dragging, or plus, minus and the arrow keys, zoom in; a double click or Escape shows all again. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { Button } from "./button.tsx";
import { bytesText } from "./moments.tsx";
import styles from "./plot.module.css";
import { type Span, showsAll, zoomedBy } from "./plot-zoom.ts";

export interface Series {
  readonly name: string;
  /** One for each time; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

interface PlotProps {
  readonly title: string;
  /** In milliseconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** "35 %", "1.2 GiB" */
  readonly format: (value: number) => string;
  readonly heightPx?: number;
}

export default function Plot({ title, times, series, format, heightPx = 180 }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [zoom, setZoom] = useState<Span>();
  const names = series.map(({ name }) => name).join("\n");

  useEffect(() => {
    const element = box.current!;
    const options = optionsOf(element, names.split("\n"), format, heightPx);
    plot.current = new uPlot({ ...options, hooks: { setScale: [(own) => setZoom(zoomOf(own))] } }, undefined, element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [names, format, heightPx]);
  useEffect(() => {
    const own = plot.current!;
    const data: uPlot.AlignedData = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
    const before = zoomOf(own);
    own.setData(data, before === undefined);
    if (before) own.setScale("x", before);
  }, [times, series]);

  function showAll(): void {
    const own = plot.current;
    const all = own && allOf(own);
    if (all) own.setScale("x", all);
  }
  function onKeyDown(event: KeyboardEvent): void {
    const own = plot.current;
    const all = own && allOf(own);
    if (!all || (event.key === "Escape" && !zoom)) return; // then it is somebody else's
    const next = zoomedBy(event.key, zoom ?? all, all);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    own.setScale("x", next);
  }

  const last = series.map(({ name, values }) => `${name} ${format(values.findLast((value) => value !== null) ?? 0)}`);
  const shown = zoom && ` Shown: ${momentText(dateOf(zoom.min))} to ${momentText(dateOf(zoom.max))}.`;
  return (
    <div className={styles.frame}>
      <div
        ref={box}
        className={styles.plot}
        role="img"
        aria-label={`${title}. Now: ${last.join(", ")}.${shown ?? ""}`}
        aria-description="Plus and minus zoom, the arrow keys move, Escape shows all."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys zoom it
        tabIndex={0}
        onKeyDown={onKeyDown}
      />
      {zoom && (
        <div className={styles.all}>
          <Button kind="quiet" onClick={showAll}>
            Show all
          </Button>
        </div>
      )}
    </div>
  );
}

/** Undefined while there is nothing to show. */
function allOf({ data: [times] }: uPlot): Span | undefined {
  const [min, max] = [times?.[0], times?.at(-1)];
  return min === undefined || max === undefined ? undefined : { min, max };
}

/** What is shown, if that is not all. */
function zoomOf(plot: uPlot): Span | undefined {
  const { min, max } = plot.scales.x ?? {};
  const all = allOf(plot);
  if (min == null || max == null || !all || showsAll({ min, max }, all)) return undefined;
  return { min, max };
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1_000);
}

/** For uPlot: at steps of so many seconds a tick's text, and what comes below it where a year, a month, a day, an hour, a minute or a second begins. All by the
 *  clock of 24 hours. */
const timeTexts: uPlot.Axis.Values = [
  [31_536_000, "{YYYY}", null, null, null, null, null, null, 1],
  [2_419_200, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86_400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
];
const momentText = uPlot.fmtDate("{D} {MMM} {HH}:{mm}:{ss}");

/** Sizes are read in powers of two. */
const binarySteps = Array.from({ length: 50 }, (_none, power) => 2 ** power);

/** What the legend says where nothing is pointed at: the last value. */
function shownOr(plot: uPlot, series: number, value: number | null, format: (value: number) => string): string {
  const last =
    plot.cursor.idx == null ? Array.from(plot.data[series] ?? []).findLast((each) => each != null) : undefined;
  const shown = value ?? last;
  return shown == null ? "–" : format(shown);
}

function optionsOf(
  element: HTMLElement,
  names: readonly string[],
  format: (value: number) => string,
  height: number,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name);
  const axis = {
    stroke: color("color"),
    grid: { stroke: "rgb(128 128 128 / 0.18)", width: 1 },
    ticks: { show: false },
  };
  const strokes = ["--plot-1", "--plot-2", "--plot-3", "--plot-4"].map(color);
  return {
    width: element.clientWidth,
    height,
    cursor: { drag: { x: true, y: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high ?? 0, 1e-9) * 1.1] } },
    axes: [
      { ...axis, values: timeTexts },
      {
        ...axis,
        size: 64,
        values: (_plot, splits) => splits.map(format),
        ...(format === bytesText && { incrs: binarySteps }),
      },
    ],
    series: [
      {
        label: "Time",
        value: (plot, at: number | null) => shownOr(plot, 0, at, (seconds) => momentText(dateOf(seconds))),
      },
      ...names.map((label, index) => ({
        ...{ label, width: 1.5, spanGaps: false },
        stroke: strokes[index % strokes.length],
        value: (plot: uPlot, value: number | null) => shownOr(plot, index + 1, value, format),
      })),
    ],
  };
}
