/** What a change of a project is about, and what it is done with. */
import type { ComposeProject } from "../compose/project.ts";
import type { DockerHost } from "../docker-hosts.ts";
import type { GateTimes } from "./health-gate.ts";
import type { PullImage } from "./images.ts";
import type { Step } from "./steps.ts";

export interface DeployTarget {
  readonly host: DockerHost;
  readonly project: ComposeProject;
  /** Of the stack's files, on the control plane's machine. */
  readonly directory: string;
  /** Nothing of it may reach beyond its containers. */
  readonly isConfined: boolean;
  /** Of the stack's own, which its containers mount and which the host does not see by itself. */
  readonly files?: OwnFilesOnHost;
}

export interface OwnFilesOnHost {
  /** Those that are not there yet. */
  bring(step: Step): Promise<void>;
  /** Removes what earlier deployments have brought. @param inUse paths of the host that containers of the project mount */
  tidy(inUse: () => Promise<readonly string[]>): Promise<void>;
}

export interface DeployTools {
  readonly pull: PullImage;
  readonly step: Step;
  readonly signal: AbortSignal;
  readonly times: GateTimes;
}
