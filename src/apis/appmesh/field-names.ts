/** The yard names what is wrong with a definition in its own words; whoever sent it through App Mesh's API knows other ones. */
import { isYardError, YardError } from "../../platform/errors.ts";

const wireNames: Readonly<Record<string, string>> = {
  argv: "command",
  "container.image": "docker_image",
  "container.env": "env.APP_DOCKER_OPTS",
  cwd: "working_dir",
  workingDirectory: "working_dir",
  user: "exec_user",
  secretEnv: "sec_env",
  keepOutputs: "stdout_cache_num",
  "exit.byCode": "behavior.control",
  "limits.memoryBytes": "resource_limit.memory_mb",
  "limits.memoryAndSwapBytes": "resource_limit.memory_virt_mb",
  "limits.cpuShares": "resource_limit.cpu_shares",
  schedule: "start_interval_seconds",
  "schedule.every": "start_interval_seconds",
  "schedule.from": "start_time",
  "window.from": "start_time",
  "window.until": "end_time",
  "healthCheck.argv": "health_check_cmd",
  registeredAt: "register_time",
};

/** Does `work`; an error that names a field in the yard's words names the wire's instead, by default those of a definition. */
export async function inWireFields<T>(
  work: () => Promise<T>,
  nameOf: (field: string) => string = wireNameOf,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isYardError(error) || error.field === undefined) throw error;
    const field = nameOf(error.field);
    if (field === error.field) throw error;
    throw new YardError(error.code, error.message, { field, cause: error, retryAfterMs: error.retryAfterMs });
  }
}

function wireNameOf(field: string): string {
  return wireNames[field] ?? field.replace(/^secretEnv\./, "sec_env.");
}
