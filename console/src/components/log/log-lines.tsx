/** The lines of a log that are in sight, in a box that scrolls as if all were there. All have one height, so where each is follows from its place. */
import {
  type CSSProperties,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { classNames } from "../class-names.ts";
import { parseAnsi, type Span } from "./ansi.ts";
import styles from "./log.module.css";
import type { LogStore } from "./log-store.ts";
import type { Filtered } from "./use-filtered.ts";

/** A million of them are as high as Firefox lets an element be. */
const lineHeight = 17;
const spareLines = 30;
/** What is longer is cut where it is shown; the download has all. */
const shownLength = 4_000;

export interface LogLinesHandle {
  /** Brings a place into the middle. */
  show(place: number): void;
  showEnd(): void;
}

interface LogLinesProps {
  readonly label: string;
  readonly store: LogStore;
  readonly filtered: Filtered;
  /** Number of the line that the address names. */
  readonly marked: number | undefined;
  readonly isFollowing: boolean;
  onFollow(follows: boolean): void;
  onMark(number: number): void;
  readonly ref: Ref<LogLinesHandle>;
}

export function LogLines({ label, store, filtered, marked, isFollowing, onFollow, onMark, ref }: LogLinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const { count } = filtered;

  const look = useCallback(() => {
    const element = box.current;
    if (element) setView({ top: element.scrollTop, height: element.clientHeight });
  }, []);
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, [look]);

  const showEnd = useCallback(() => box.current?.scrollTo({ top: box.current.scrollHeight }), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each line that comes moves the end
  useLayoutEffect(() => {
    if (isFollowing) showEnd();
  }, [isFollowing, count, showEnd]);
  useImperativeHandle(ref, () => ({
    showEnd,
    show: (place) => box.current?.scrollTo({ top: Math.max(0, place * lineHeight - view.height / 2) }),
  }));

  function onScroll(): void {
    look();
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 2 * lineHeight;
    if (isAtEnd !== isFollowing && (isAtEnd || scrollTop < view.top)) onFollow(isAtEnd);
  }

  const first = Math.max(0, Math.floor(view.top / lineHeight) - spareLines);
  const last = Math.min(count, Math.ceil((view.top + view.height) / lineHeight) + spareLines);
  const places = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  const digits = String(store.end).length;
  return (
    <div
      ref={box}
      className={styles.lines}
      onScroll={onScroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={label}
    >
      <div style={{ height: count * lineHeight, "--digits": `${digits}ch` } as CSSProperties}>
        <div style={{ transform: `translateY(${first * lineHeight}px)` }}>
          {places.map((place) => {
            const number = filtered.numberAt(place);
            return (
              <Line
                key={place}
                number={number}
                text={store.line(number)}
                isMarked={number === marked}
                onMark={onMark}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface LineProps {
  readonly number: number;
  readonly text: string;
  readonly isMarked: boolean;
  onMark(number: number): void;
}

function Line({ number, text, isMarked, onMark }: LineProps) {
  const rest = text.length - shownLength;
  return (
    <div className={classNames(styles.line, isMarked && styles.marked)} aria-current={isMarked || undefined}>
      <button
        type="button"
        tabIndex={-1}
        className={styles.number}
        onClick={() => onMark(number)}
        aria-label={`Line ${number + 1}`}
      >
        {number + 1}
      </button>
      <span>
        {parseAnsi(text.slice(0, shownLength)).map((span, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line's spans have no other name
          <span key={index} className={spanClass(span)}>
            {span.text}
          </span>
        ))}
        {rest > 0 && <span className={styles.rest}> … {rest.toLocaleString()} more characters</span>}
      </span>
    </div>
  );
}

function spanClass({ color, isBold, isDim, isUnderlined }: Span): string | undefined {
  const names = [
    color !== undefined && styles[`color${color}`],
    isBold && styles.bold,
    isDim && styles.dim,
    isUnderlined && styles.underlined,
  ];
  return classNames(...names) || undefined;
}
