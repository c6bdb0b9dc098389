/** All figures, in the order in which they are run. */

import type { Figure } from "../harness/figure.ts";
import { applicationList } from "./application-list.ts";
import { artifactUpload } from "./artifact-upload.ts";
import { capsuleApiLife } from "./capsule-api-life.ts";
import { capsuleContainer } from "./capsule-container.ts";
import { capsuleExec } from "./capsule-exec.ts";
import { capsuleFork } from "./capsule-fork.ts";
import { capsuleFreeze } from "./capsule-freeze.ts";
import { capsuleIdle } from "./capsule-idle.ts";
import { capsuleLifecycle } from "./capsule-lifecycle.ts";
import { capsuleRate } from "./capsule-rate.ts";
import { capsuleTerminal } from "./capsule-terminal.ts";
import { capsuleTransfer } from "./capsule-transfer.ts";
import { consoleIdle } from "./console-idle.ts";
import { consoleLoad } from "./console-load.ts";
import { consoleLog } from "./console-log.ts";
import { consoleRows } from "./console-rows.ts";
import { consoleTerminal } from "./console-terminal.ts";
import { fileDownload } from "./file-download.ts";
import { fileUpload } from "./file-upload.ts";
import { fleetDeploy } from "./fleet-deploy.ts";
import { fleetExec } from "./fleet-exec.ts";
import { fleetFanOut } from "./fleet-fan-out.ts";
import { fleetInventory } from "./fleet-inventory.ts";
import { fleetLogs } from "./fleet-logs.ts";
import { httpRead } from "./http-read.ts";
import { idleMemory } from "./idle-memory.ts";
import { messageRoundTrip } from "./message-round-trip.ts";
import { microvmCreate } from "./microvm-create.ts";
import { microvmExec } from "./microvm-exec.ts";
import { microvmFiles } from "./microvm-files.ts";
import { microvmFork } from "./microvm-fork.ts";
import { microvmPause } from "./microvm-pause.ts";
import { microvmResume } from "./microvm-resume.ts";
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
  capsuleLifecycle,
  capsuleRate,
  capsuleApiLife,
  capsuleExec,
  capsuleFreeze,
  capsuleContainer,
  capsuleTerminal,
  capsuleTransfer,
  capsuleIdle,
  capsuleFork,
  microvmCreate,
  microvmResume,
  microvmPause,
  microvmExec,
  microvmFork,
  microvmFiles,
  fleetInventory,
  fleetExec,
  fleetFanOut,
  fleetDeploy,
  fleetLogs,
  consoleLoad,
  consoleRows,
  consoleLog,
  consoleTerminal,
  consoleIdle,
];
