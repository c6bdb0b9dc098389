/** What tells whose a container, network or volume is: the labels of docker compose, so that its command line and ours see the same project. */

export const label = {
  project: "com.docker.compose.project",
  service: "com.docker.compose.service",
  /** Which replica, from 1. */
  number: "com.docker.compose.container-number",
  /** Of all that makes the container what it is. */
  configHash: "com.docker.compose.config-hash",
  oneOff: "com.docker.compose.oneoff",
  version: "com.docker.compose.version",
  workingDirectory: "com.docker.compose.project.working_dir",
  configFiles: "com.docker.compose.project.config_files",
  /** Its key in the file. */
  network: "com.docker.compose.network",
  /** Its key in the file. */
  volume: "com.docker.compose.volume",
  /** What its service waits for: `db:service_healthy:false,…`; the last says whether it is restarted with that. */
  dependsOn: "com.docker.compose.depends_on",
  managed: "dockmesh.managed",
} as const;

/** The generation of labels that these are. */
export const labelsVersion = "2";

/** Beginnings of names that say whose something is: only the yard and engines give these. */
export const reservedPrefixes: readonly string[] = ["com.docker.", "dockmesh.", "runyard."];

/** For the engine's lists: what belongs to a project. */
export function ofProject(project: string): { label: string[] } {
  return { label: [`${label.project}=${project}`] };
}
