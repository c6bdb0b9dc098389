/** Which keys a service may have. What Compose knows and is not here is refused by its name: a stack that is deployed is deployed as it is written. */
import type { KeyRules } from "./reader.ts";

export const serviceKeys = {
  reads: [
    ...([
      "image",
      "command",
      "entrypoint",
      "environment",
      "env_file",
      "ports",
      "volumes",
      "configs",
      "secrets",
    ] as const),
    ...([
      "networks",
      "network_mode",
      "restart",
      "labels",
      "container_name",
      "user",
      "working_dir",
      "hostname",
    ] as const),
    ...(["domainname", "privileged", "read_only", "init", "tty", "stdin_open", "cap_add", "cap_drop"] as const),
    ...([
      "security_opt",
      "devices",
      "tmpfs",
      "extra_hosts",
      "dns",
      "dns_search",
      "group_add",
      "sysctls",
      "ulimits",
    ] as const),
    ...([
      "pid",
      "ipc",
      "shm_size",
      "stop_signal",
      "stop_grace_period",
      "pull_policy",
      "logging",
      "healthcheck",
    ] as const),
    ...(["depends_on", "deploy", "scale", "cpus", "mem_limit", "mem_reservation", "pids_limit", "profiles"] as const),
  ],
  // Documentation (expose), and what concerns the terminal that `docker compose up` runs in (attach).
  ignores: ["expose", "attach"],
  refuses: [
    ...["annotations", "blkio_config", "build", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent", "cpu_period"],
    ...["cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpuset", "credential_spec", "develop"],
    ...["device_cgroup_rules", "dns_opt", "external_links", "gpus", "isolation", "label_file", "links", "mac_address"],
    ...["mem_swappiness", "memswap_limit", "models", "oom_kill_disable", "oom_score_adj", "platform", "post_start"],
    ...["pre_stop", "provider", "runtime", "storage_opt", "use_api_socket", "userns_mode", "uts", "volumes_from"],
  ],
} as const satisfies KeyRules<string>;

export const deployKeys = {
  reads: ["mode", "replicas", "resources", "update_config", "restart_policy"],
  // Of a swarm: outside of one docker compose passes over them as well.
  ignores: ["endpoint_mode", "labels", "placement", "rollback_config"],
} as const satisfies KeyRules<string>;
