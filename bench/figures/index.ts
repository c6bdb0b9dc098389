/** All figures, in the order in which they are run. */

import type { Figure } from "../harness/figure.ts";
import { applicationList } from "./application-list.ts";
import { artifactUpload } from "./artifact-upload.ts";
import { fileDownload } from "./file-download.ts";
import { fileUpload } from "./file-upload.ts";
import { httpRead } from "./http-read.ts";
import { idleMemory } from "./idle-memory.ts";
import { messageRoundTrip } from "./message-round-trip.ts";
import { outputThroughput } from "./output-throughput.ts";
import { restartAfterCrash } from "./restart-after-crash.ts";
import { schedulesAtRest } from "./schedules-at-rest.ts";
import { scriptLatency } from "./script-latency.ts";
import { scriptLoad } from "./script-load.ts";
import { scriptStateful } from "./script-stateful.ts";
import { scriptStateless } from "./script-stateless.ts";
import { startOfApps } from "./start-of-apps.ts";
import { syncRunLatency } from "./sync-run-latency.ts";
import { syncRunThroughput } from "./sync-run-throughput.ts";
import { taskBatchPostgres } from "./task-batch-postgres.ts";
import { taskBatchSqlite } from "./task-batch-sqlite.ts";
import { taskBatchSubmit } from "./task-batch-submit.ts";
import { taskClaim } from "./task-claim.ts";
import { taskEndToEnd } from "./task-end-to-end.ts";
import { taskSingly } from "./task-singly.ts";
import { taskStartLatency } from "./task-start-latency.ts";
import { treeMerge } from "./tree-merge.ts";
import { treeSnapshot } from "./tree-snapshot.ts";

export const figures: readonly Figure[] = [
  syncRunLatency,
  syncRunThroughput,
  messageRoundTrip,
  httpRead,
  applicationList,
  startOfApps,
  restartAfterCrash,
  idleMemory,
  outputThroughput,
  fileDownload,
  fileUpload,
  artifactUpload,
  schedulesAtRest,
  taskEndToEnd,
  treeSnapshot,
  treeMerge,
  scriptStateless,
  scriptStateful,
  scriptLatency,
  scriptLoad,
  taskClaim,
  taskBatchSubmit,
  taskBatchPostgres,
  taskBatchSqlite,
  taskSingly,
  taskStartLatency,
];
