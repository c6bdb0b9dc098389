/** Tags and labels, one beside the other. */
import styles from "./tasks.module.css";

export function Words({ words }: { words: readonly string[] }) {
  return (
    <span className={styles.words}>
      {words.map((word, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same word may be a tag and a label
        <span key={at} className={styles.chip}>
          {word}
        </span>
      ))}
    </span>
  );
}
