/** A Compose file as the rest of the room reads it: interpolated, merged with its overlay, every short form spelled out, every default of the
 *  specification filled in that changes what is made. Source: https://compose-spec.io. */

export interface ComposeProject {
  /** The stack's name, whatever the file's `name` says. */
  readonly name: string;
  readonly services: ReadonlyMap<string, ServiceSpec>;
  /** Those that a service uses, `default` among them where one says nothing. */
  readonly networks: ReadonlyMap<string, NetworkSpec>;
  /** Named ones. */
  readonly volumes: ReadonlyMap<string, VolumeSpec>;
}

export interface ServiceSpec {
  readonly name: string;
  readonly image: string;
  /** Absent: the image's own. An empty list clears it. */
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /** Those of env_file below, the file's own on top. A variable without a value that nobody has set is left out. */
  readonly environment: ReadonlyMap<string, string>;
  readonly ports: readonly PortSpec[];
  readonly mounts: readonly MountSpec[];
  /** Empty with `networkMode`. */
  readonly networks: ReadonlyMap<string, ServiceNetwork>;
  /** `host`, `none`, `bridge`, `service:<name>` or `container:<name>`. */
  readonly networkMode?: string;
  readonly restart?: { readonly policy: "no" | "always" | "unless-stopped" | "on-failure"; readonly retries?: number };
  readonly labels: ReadonlyMap<string, string>;
  readonly containerName?: string;
  readonly user?: string;
  readonly workingDir?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly privileged: boolean;
  readonly readOnly: boolean;
  readonly init?: boolean;
  readonly tty: boolean;
  readonly stdinOpen: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly securityOpt: readonly string[];
  readonly devices: readonly { readonly source: string; readonly target: string; readonly permissions: string }[];
  readonly tmpfs: readonly { readonly target: string; readonly options?: string }[];
  readonly extraHosts: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly groupAdd: readonly string[];
  readonly sysctls: ReadonlyMap<string, string>;
  readonly ulimits: ReadonlyMap<string, { readonly soft: number; readonly hard: number }>;
  readonly pid?: string;
  readonly ipc?: string;
  readonly shmBytes?: number;
  readonly stopSignal?: string;
  readonly stopGraceMs?: number;
  readonly pullPolicy: "always" | "missing" | "never";
  readonly logging?: { readonly driver?: string; readonly options: ReadonlyMap<string, string> };
  readonly resources: ResourceLimits;
  readonly healthcheck?: HealthcheckSpec;
  readonly dependsOn: ReadonlyMap<string, DependencySpec>;
  /** How many are wanted: `scale`, or `deploy.replicas`. */
  readonly replicas: number;
  readonly update: UpdateSpec;
}

export interface PortSpec {
  readonly target: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** A port of the host; absent: the engine chooses one. */
  readonly published?: number;
  readonly hostIp?: string;
}

export type MountSpec =
  | {
      readonly kind: "bind";
      /** Absolute, on the host; relative ones in the file are below the stack's directory. */
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly createHostPath: boolean;
      readonly propagation?: string;
      /** The engine labels it anew for SELinux: to be shared by containers, or for this one alone. */
      readonly relabel?: "z" | "Z";
    }
  | {
      readonly kind: "volume";
      /** A key of `ComposeProject.volumes`; absent: an anonymous one. */
      readonly source?: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly noCopy: boolean;
    }
  | { readonly kind: "tmpfs"; readonly target: string; readonly bytes?: number; readonly mode?: number };

export interface ServiceNetwork {
  readonly aliases: readonly string[];
  readonly ipv4?: string;
  readonly ipv6?: string;
}

export interface ResourceLimits {
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly pids?: number;
}

export interface HealthcheckSpec {
  /** As the engine takes it: `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`. */
  readonly test: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly startPeriodMs?: number;
  readonly retries?: number;
}

export interface DependencySpec {
  readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
  readonly required: boolean;
}

export interface UpdateSpec {
  readonly parallelism?: number;
  readonly delayMs?: number;
  readonly order?: "stop-first" | "start-first";
  readonly failureAction?: "pause" | "continue" | "rollback";
}

export interface NetworkSpec {
  /** As the engine knows it: `<stack>_<key>`, or the file's own `name`. */
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driverOptions: ReadonlyMap<string, string>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ipv6: boolean;
  readonly subnets: readonly { readonly subnet?: string; readonly gateway?: string; readonly range?: string }[];
  readonly labels: ReadonlyMap<string, string>;
}

export interface VolumeSpec {
  /** As the engine knows it: `<stack>_<key>`, or the file's own `name`. */
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driverOptions: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
}

/** What is wrong with a file, where. */
export interface ComposeFault {
  /** `services.web.ports[0]`. */
  readonly path: string;
  readonly message: string;
  /** Its name in the stack's directory. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly column?: number;
}
