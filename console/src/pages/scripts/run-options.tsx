/** What a run may be told besides its script. */
import { Field } from "../../components/field.tsx";
import styles from "./scripts.module.css";

export interface RunOptionTexts {
  readonly session: string;
  readonly fs: string;
  readonly tags: string;
  readonly seconds: string;
  readonly memoryMb: string;
}

export const noOptions: RunOptionTexts = { session: "", fs: "", tags: "", seconds: "", memoryMb: "" };

/** What of it is sent: nothing of what is empty. */
export function optionsBody({ session, fs, tags, seconds, memoryMb }: RunOptionTexts) {
  return {
    session: session || undefined,
    fs: fs || undefined,
    tags: tags.trim() === "" ? undefined : tagsOf(tags),
    execution_timeout_secs: seconds === "" ? undefined : Number(seconds),
    heap_memory_max_mb: memoryMb === "" ? undefined : Number(memoryMb),
  };
}

/** "stage=draft author=me" */
function tagsOf(text: string): Record<string, string> {
  const pairs = text.split(/\s+/).filter((pair) => pair !== "");
  return Object.fromEntries(pairs.map((pair) => [pair.split("=", 1)[0], pair.slice(pair.indexOf("=") + 1)]));
}

interface RunOptionsProps {
  readonly options: RunOptionTexts;
  change(next: RunOptionTexts): void;
}

export function RunOptions({ options, change }: RunOptionsProps) {
  const field = (name: keyof RunOptionTexts) => ({
    value: options[name],
    onChange: (event: { target: { value: string } }) => change({ ...options, [name]: event.target.value }),
    autoComplete: "off",
  });
  return (
    <details className={styles.options}>
      <summary>More</summary>
      <div className={styles.fields}>
        <Field label="Session" hint="Chains runs by a name." {...field("session")} />
        <Field label="Files" hint="A label, or the id of a snapshot." {...field("fs")} />
        <Field label="Tags of the memory" hint="Such as stage=draft" {...field("tags")} />
        <Field label="Time limit (s)" hint="Usually 30." type="number" min={1} max={300} {...field("seconds")} />
        <Field label="Memory (MiB)" hint="At least 8." type="number" min={8} {...field("memoryMb")} />
      </div>
    </details>
  );
}
