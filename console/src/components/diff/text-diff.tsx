/** What has changed from one text to another: lines that went and lines that came, with those around them. */
import { type ReactNode, useMemo } from "react";
import { classNames } from "../class-names.ts";
import styles from "./diff.module.css";
import { type DiffLine, diffTexts } from "./diff-texts.ts";

interface TextDiffProps {
  /** Of the text: "compose.yaml". */
  readonly title: string;
  readonly before: string;
  readonly after: string;
  /** In its place where nothing differs. */
  readonly same: ReactNode;
}

const mostLines = 5_000;
const classOf: Readonly<Record<DiffLine["sign"], string | undefined>> = {
  "+": styles.added,
  "-": styles.removed,
  "@": styles.place,
  " ": undefined,
};

export function TextDiff({ title, before, after, same }: TextDiffProps) {
  const lines = useMemo(() => diffTexts(before, after), [before, after]);
  if (lines.length === 0) return same;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={styles.diff} aria-label={`Changes of ${title}`} tabIndex={0}>
      <h3 className={styles.title}>{title}</h3>
      {lines.slice(0, mostLines).map(({ sign, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has nothing else to be known by
        <div key={at} className={classNames(styles.line, classOf[sign])}>
          {sign === "@" ? text : `${sign} ${text}`}
        </div>
      ))}
      {lines.length > mostLines && <p className={styles.note}>The rest is left out.</p>}
    </section>
  );
}
