/** In a row: what takes the thing of that row away, after asking. */
import { Button } from "./button.tsx";
import { confirm } from "./confirm.tsx";
import { useAction } from "./use-action.ts";

interface RemoveButtonProps {
  /** "Delete", "Revoke"; "Remove" if nothing is said. */
  readonly verb?: string;
  /** Of the thing: "web". */
  readonly name: string;
  /** "Delete the role web?" */
  readonly question: string;
  /** What will be lost, and what not. */
  readonly lost: string;
  remove(): Promise<void>;
}

export function RemoveButton({ verb = "Remove", name, question, lost, remove }: RemoveButtonProps) {
  const [busy, run] = useAction();
  async function ask(): Promise<void> {
    if (await confirm({ title: question, lost, action: verb })) await remove();
  }
  return (
    <Button
      kind="quiet"
      busy={busy}
      aria-label={`${verb} ${name}`}
      onClick={() => run(`Could not ${verb.toLowerCase()} ${name}`, ask)}
    >
      {verb}…
    </Button>
  );
}
