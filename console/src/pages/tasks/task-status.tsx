import { Status } from "../../components/status.tsx";
import { endText, type TaskRow, toneOf } from "./task-row.ts";

export function TaskStatus({ task }: { task: TaskRow }) {
  return (
    <Status tone={toneOf[task.state]} title={endText(task)}>
      {task.state}
    </Status>
  );
}
