/** A text to take along: a command, or a secret that is shown this once. */
import { Button } from "./button.tsx";
import styles from "./copy-box.module.css";
import { ScrollText } from "./scroll-text.tsx";
import { tell } from "./toasts.tsx";

export function CopyBox({ label, text }: { label: string; text: string }) {
  function copy(): void {
    navigator.clipboard?.writeText(text).then(
      () => tell("Copied"),
      () => tell("Select the text to copy it", "The browser does not let the page do so."),
    );
  }
  return (
    <div className={styles.box}>
      <ScrollText label={label} className={styles.text}>
        {text}
      </ScrollText>
      <Button onClick={copy}>Copy</Button>
    </div>
  );
}
