/** Cancels all that is listed and not over: what one sees is what one cancels. */
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { countText } from "../../components/moments.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { isOver, type TaskRow } from "./task-row.ts";

interface CancelListedProps {
  readonly tasks: readonly TaskRow[] | undefined;
  readonly hasMore: boolean;
  changed(): void;
}

/** In one call. */
const mostAtOnce = 1_000;

export function CancelListed({ tasks = [], hasMore, changed }: CancelListedProps) {
  const [busy, run] = useAction();
  const open = tasks.filter((task) => !isOver(task));
  if (open.length === 0) return null;
  const running = open.filter(({ state }) => state === "running").length;

  async function cancel(): Promise<void> {
    const isSure = await confirm({
      title: `Cancel ${countText(open.length)} tasks?`,
      lost: (
        <>
          All that are listed and not over: {countText(open.length - running)} that wait, {countText(running)} that run
          and are killed. {hasMore && "Those further down, which are not loaded yet, stay. "}It cannot be undone.
        </>
      ),
      action: "Cancel them",
    });
    if (!isSure) return;
    let cancelled = 0;
    for (let at = 0; at < open.length; at += mostAtOnce) {
      const uuids = open.slice(at, at + mostAtOnce).map(({ id }) => id);
      cancelled += (await call("POST /tasks/cancel/list", { body: { uuids } })).cancelled_count;
    }
    const rest = open.length - cancelled;
    tell(
      `Cancelled ${countText(cancelled)} tasks`,
      rest > 0 ? `${countText(rest)} had ended, or are not yours to cancel.` : undefined,
    );
    changed();
  }
  return (
    <Button busy={busy} onClick={() => run("Could not cancel all of them", cancel)}>
      Cancel {countText(open.length)}…
    </Button>
  );
}
