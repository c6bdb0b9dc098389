/** All rows of a list as a file, as far as is reasonable for a page to hold. */
import type { PageOf } from "../../api/use-pages.ts";
import { Button } from "../../components/button.tsx";
import { countText } from "../../components/moments.tsx";
import { saveFile } from "../../components/save-file.ts";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";

const mostRows = 100_000;

interface ExportRowsProps<Row> {
  /** Names the file: "audit". */
  readonly name: string;
  readonly readPage: (after: string | undefined, signal: AbortSignal) => Promise<PageOf<Row>>;
}

/** One JSON object a line, in the order of the list. */
export function ExportRows<Row>({ name, readPage }: ExportRowsProps<Row>) {
  const [busy, run] = useAction();
  async function save(): Promise<void> {
    const lines: string[] = [];
    let next: string | null | undefined;
    while (next !== null && lines.length < mostRows) {
      const page: PageOf<Row> = await readPage(next, AbortSignal.timeout(60_000));
      lines.push(...page.items.map((row) => `${JSON.stringify(row)}\n`));
      ({ next } = page);
    }
    saveFile(`${name}.jsonl`, new Blob(lines, { type: "application/jsonl" }));
    const isWhole = next === null || next === undefined;
    tell(`${countText(lines.length)} rows are saved`, isWhole ? undefined : "There are more: filter to get those.");
  }
  return (
    <Button busy={busy} onClick={() => run("Could not export", save)}>
      {busy ? "Exporting…" : "Export"}
    </Button>
  );
}
