// Made by `node console/api/generate.ts` from the documents of the APIs; not to be edited.

/** What each operation takes and answers, by its method and path. */
export interface Operations {
  "POST /api/v1/auth/login": {
    body: {
      /** Or the e-mail address */
      username: string;
      password: string;
      /** For a login that lasts for days, also idle */
      remember_me?: boolean;
    };
    reply: {
      /** For Authorization: Bearer; good for 15 minutes */
      access_token?: string;
      /** Good once, for the next two tokens */
      refresh_token?: string;
      user?: {
        id: string;
        username: string;
        email?: string;
        role: string;
        /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
        scope_tags?: string[];
        mfa_enabled: boolean;
      };
      /** A code is due, at POST /auth/mfa; there are no tokens yet */
      mfa_required?: boolean;
      /** What to send with the code, within 5 minutes */
      mfa_token?: string;
    };
  };
  "POST /api/v1/auth/mfa": {
    body: {
      mfa_token: string;
      /** Six digits of the authenticator app, or a recovery code */
      code: string;
    };
    reply: Operations["POST /api/v1/auth/login"]["reply"];
  };
  "POST /yard/v1/refresh": {
    body: { refreshToken: string };
    reply: {
      /** For Authorization: Bearer; good for 15 minutes */
      accessToken: string;
      /** Milliseconds since 1970 */
      expiresAt: number;
      /** For the next time */
      refreshToken: string;
    };
  };
  "POST /api/v1/auth/logout": {
    body: {
      /** Anything else ends nothing */
      refresh_token?: unknown;
    };
    reply: undefined;
  };
  "GET /api/v1/auth/oidc/providers": { reply: { slug: string; display_name: string }[] };
  "GET /yard/v1/self": {
    reply: {
      username: string;
      userId: string;
      /** Holds every permission there is */
      isAdmin: boolean;
      roles: string[];
      permissions: string[];
      teams: { name: string; role: "owner" | "admin" | "member" | "viewer" }[];
      credential: {
        kind: "token" | "apiKey";
        /** Milliseconds since 1970 */
        expiresAt?: number;
      };
    };
  };
  "POST /yard/v1/tickets": {
    reply: {
      ticket: string;
      /** Milliseconds since 1970 */
      expiresAt: number;
    };
  };
  "GET /yard/v1/search": {
    query: { q: string };
    reply: {
      items: {
        kind: "app" | "capsule" | "task" | "execution" | "heap" | "stack" | "container" | "host" | "user";
        id: string;
        name: string;
        where: string | null;
        /** Of a container, as `?host=` of Dockmesh takes it */
        hostId?: string;
      }[];
    };
  };
  "GET /yard/v1/overview": {
    reply: {
      /** Milliseconds since 1970 */
      at: number;
      wrong: {
        items: {
          kind: "app" | "capsule" | "task" | "host" | "alert" | "disk" | "engine" | "doctor";
          id: string;
          name: string;
          severity: "error" | "warning";
          /** A sentence */
          what: string;
          /** Milliseconds since 1970 */
          since: number | null;
          where: string | null;
        }[];
        /** Of each kind, also of those that are not shown */
        counts: Record<string, number>;
      };
      runs: {
        apps: Record<string, number> | null;
        capsules: Record<string, number> | null;
        tasks: {
          pending: number;
          queued: number;
          running: number;
          /** Counted up to a thousand */
          failedLastHour: number;
        } | null;
        executions: { running: number } | null;
        containers: { running: number; stopped: number; unhealthy: number; unreachableHosts: number } | null;
        stacks: Record<string, number> | null;
        hosts: Record<string, number> | null;
      };
      happened:
        | {
            /** Grows with every event */
            id: string;
            /** Milliseconds since 1970 */
            at: number;
            topic: string;
            /** The id of what it speaks of, as the lists have it */
            subject: string;
            data: unknown;
          }[]
        | null;
      load: {
        /** Between two points, in milliseconds */
        stepMs: number;
        /** The oldest first */
        points: {
          /** Milliseconds since 1970 */
          at: number;
          cpuPercent: number;
          memoryBytes: number;
          memoryTotalBytes: number;
        }[];
        /** The newest of each host */
        hosts: {
          id: string;
          name: string;
          /** Milliseconds since 1970 */
          at: number;
          /** Of all cores: 100 is all of them */
          cpuPercent: number;
          memoryBytes: number;
          memoryTotalBytes: number;
          diskBytes: number | null;
          diskTotalBytes: number | null;
        }[];
      } | null;
    };
  };
  "GET /yard/v1/apps": {
    query?: {
      search?: string;
      limit?: number;
      after?: string;
      sort?: "name" | "-name" | "state" | "-state" | "started" | "-started" | "created" | "-created";
      name?: string;
      state?: string;
    };
    reply: {
      items: {
        id: string;
        name: string;
        owner: string | null;
        kind: "defined" | "temporary";
        state: "running" | "unhealthy" | "restarting" | "failed" | "waiting" | "ended" | "disabled";
        enabled: boolean;
        healthy: boolean;
        /** What its owner has shared; the permission is another matter */
        mayChange: boolean;
        command: string;
        image: string | null;
        starts: number;
        pid: number | null;
        /** Milliseconds since 1970 */
        startedAt: number | null;
        /** Milliseconds since 1970 */
        endedAt: number | null;
        exitCode: number | null;
        /** Milliseconds since 1970 */
        nextStartAt: number | null;
        error: {
          /** Milliseconds since 1970 */
          at: number;
          message: string;
        } | null;
        /** Milliseconds since 1970 */
        createdAt: number;
        /** Milliseconds since 1970 */
        updatedAt: number;
      }[];
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
    };
  };
  "GET /appmesh/app/{app_name}": {
    path: { app_name: string };
    reply: {
      name: string;
      owner?: string;
      command?: string;
      shell?: boolean;
      session_login?: boolean;
      description?: string;
      metadata?: unknown;
      docker_image?: string;
      working_dir?: string;
      /** 0 disabled, 1 enabled, 2 a temporary run */
      status: number;
      stdout_cache_num?: number;
      behavior: { exit: string; control?: Record<string, string> };
      env?: Record<string, string>;
      sec_env?: Record<string, string>;
      resource_limit?: { memory_mb?: number; memory_virt_mb?: number; cpu_shares?: number };
      permission?: number;
      version?: number;
      health_check_cmd?: string;
      start_time?: number;
      start_time_TEXT?: string;
      end_time?: number;
      end_time_TEXT?: string;
      /** In the form it was given */
      start_interval_seconds?: string;
      cron?: boolean;
      /** In the form it was given */
      retention?: string;
      daily_limitation?: { daily_start: number; daily_start_TEXT: string; daily_end: number; daily_end_TEXT: string };
      register_time: number;
      register_time_TEXT: string;
      pid?: number;
      pid_user?: string;
      /** Resident bytes of the process tree */
      memory?: number;
      /** Percent; 100 is one core */
      cpu?: number;
      fd?: number;
      /** The process with its descendants, drawn */
      pstree?: string;
      /** Counts the messages sent to it */
      task_id?: number;
      /** busy: a message waits for its reply, idle: the process waits for a message */
      task_status?: string;
      return_code?: number;
      last_start_time?: number;
      last_start_time_TEXT?: string;
      last_exit_time?: number;
      last_exit_time_TEXT?: string;
      next_start_time?: number;
      next_start_time_TEXT?: string;
      last_error?: string;
      /** 0 healthy, 1 not */
      health?: number;
      starts?: number;
      stdout_cache_size?: number;
      /** As the Docker engine calls its container */
      container_id?: string;
    };
  };
  "PUT /appmesh/app/{app_name}": {
    path: { app_name: string };
    body: {
      name?: string | null;
      command?: string | null;
      shell?: boolean | null;
      session_login?: boolean | null;
      description?: string | null;
      metadata?: unknown;
      working_dir?: string | null;
      status?: number | null;
      stdout_cache_num?: number | null;
      behavior?: { exit?: string | null; control?: Record<string, string> | null } | null;
      env?: Record<string, string> | null;
      sec_env?: Record<string, string> | null;
      resource_limit?: { memory_mb?: number | null; memory_virt_mb?: number | null; cpu_shares?: number | null } | null;
      permission?: number | null;
      health_check_cmd?: string | null;
      docker_image?: string | null;
      start_time?: number | null;
      end_time?: number | null;
      start_interval_seconds?: string | number | null;
      cron?: boolean | null;
      retention?: string | number | null;
      daily_limitation?: { daily_start: number; daily_end: number } | null;
      pid?: number | null;
      register_time?: number | null;
      version?: number | null;
    };
    reply: Operations["GET /appmesh/app/{app_name}"]["reply"];
  };
  "DELETE /appmesh/app/{app_name}": { path: { app_name: string }; reply: { message: string } };
  "POST /appmesh/app/{app_name}/enable": { path: { app_name: string }; reply: { message: string } };
  "POST /appmesh/app/{app_name}/disable": { path: { app_name: string }; reply: { message: string } };
  "GET /yard/v1/apps/{name}/output": {
    path: { name: string };
    query?: { position?: number; run?: string; index?: number; limit?: number; follow?: boolean };
    reply: Blob;
  };
  "POST /v1/auth/switch-team": {
    body: { team_id: string };
    reply: {
      /** To be sent as Authorization: Bearer; good for six hours */
      token: string;
      user_id: string;
      /** The team that the token is for */
      team_id: string;
      email?: string;
      name: string;
    };
  };
  "GET /yard/v1/capsules": {
    query?: {
      search?: string;
      limit?: number;
      after?: string;
      status?: string;
      team?: string;
      id?: string;
      ended?: boolean;
    };
    reply: {
      items: {
        id: string;
        teamId: string;
        team: string;
        status: "pending" | "starting" | "running" | "paused" | "hibernated" | "missing" | "stopped" | "error";
        template: string;
        driver: string;
        vcpus: number;
        memoryMb: number;
        diskMb: number;
        /** 0: never paused by itself */
        idleTimeoutSeconds: number;
        hostId: string;
        hostName: string | null;
        keeps: "frozen" | "saved" | "none";
        /** The caller is more than a viewer of the team */
        mayUse: boolean;
        reason: string | null;
        /** Milliseconds since 1970 */
        createdAt: number;
        /** Milliseconds since 1970 */
        updatedAt: number;
        /** Milliseconds since 1970 */
        startedAt: number | null;
        /** Milliseconds since 1970 */
        lastActiveAt: number | null;
      }[];
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
    };
  };
  "POST /v1/capsules": {
    body: { template?: string | null; vcpus?: number | null; memory_mb?: number | null; timeout_sec?: number | null };
    reply: {
      id: string;
      status: "pending" | "starting" | "running" | "paused" | "hibernated" | "missing" | "stopped" | "error";
      template: string;
      vcpus: number;
      memory_mb: number;
      /** Without use for so long it is paused; 0: never */
      timeout_sec: number;
      /** Never there: capsules are reached by the names of their ports */
      guest_ip?: string;
      /** Never there, likewise */
      host_ip?: string;
      /** RFC 3339, in whole seconds */
      created_at: string;
      /** RFC 3339, in whole seconds */
      started_at?: string;
      /** RFC 3339, in whole seconds */
      last_active_at?: string;
      /** RFC 3339, in whole seconds */
      last_updated: string;
      /** What else is known of it */
      metadata: {
        /** What keeps it apart from its host */
        driver: string;
        /** What a pause keeps: all of it; all of it, but its memory only until its host restarts; or its files alone */
        pause_keeps: "memory-in-place" | "memory-on-disk" | "files";
        /** Why it is in error, missing or hibernated */
        reason?: string;
      };
    };
  };
  "POST /v1/capsules/{id}/pause": { path: { id: string }; reply: Operations["POST /v1/capsules"]["reply"] };
  "POST /v1/capsules/{id}/resume": { path: { id: string }; reply: Operations["POST /v1/capsules"]["reply"] };
  "DELETE /v1/capsules/{id}": { path: { id: string }; reply: undefined };
  "GET /v1/capsules/{id}/metrics": {
    path: { id: string };
    query?: { range?: "5m" | "10m" | "1h" | "2h" | "6h" | "12h" | "24h" };
    reply: {
      sandbox_id: string;
      range: "5m" | "10m" | "1h" | "2h" | "6h" | "12h" | "24h";
      points: {
        /** In seconds */
        timestamp_unix: number;
        /** 0 to 100, of all its vcpus */
        cpu_pct: number;
        mem_bytes: number;
        /** Of what was written in it */
        disk_bytes: number;
      }[];
    };
  };
  "POST /v1/capsules/{id}/exec": {
    path: { id: string };
    body: {
      /** Looked up on the PATH; no shell */
      cmd: string;
      args?: string[] | null;
      envs?: Record<string, string> | null;
      cwd?: string | null;
      timeout_sec?: number | null;
      background?: boolean | null;
      tag?: string | null;
    };
    reply:
      | {
          sandbox_id: string;
          cmd: string;
          stdout: string;
          stderr: string;
          /** -1: a signal has ended it. 127: there is no such program; 126: no program */
          exit_code: number;
          duration_ms: number;
          /** Of both outputs: base64, if either is anything but UTF-8 */
          encoding: "utf-8" | "base64";
        }
      | { sandbox_id: string; cmd: string; pid: number; tag: string };
  };
  "GET /v1/capsules/{id}/processes": {
    path: { id: string };
    reply: {
      processes: {
        /** As it is seen inside */
        pid: number;
        tag?: string;
        cmd: string;
        args?: string[];
      }[];
    };
  };
  "DELETE /v1/capsules/{id}/processes/{selector}": {
    path: { id: string; selector: string };
    query?: { signal?: string };
    reply: undefined;
  };
  "POST /v1/capsules/{id}/files/list": {
    path: { id: string };
    body: {
      /** Absolute, or from root's home directory on; `~` is that */
      path: string;
      depth?: number | null;
    };
    reply: {
      entries: {
        name: string;
        path: string;
        /** Not there for devices, pipes and sockets */
        type?: "file" | "directory" | "symlink";
        size: number;
        /** Permission bits as a number: 420 is 0644 */
        mode: number;
        /** As `ls` shows them, with `L` for a link and `?` for what is neither */
        permissions: string;
        /** By name, if the capsule knows one */
        owner: string;
        /** Likewise */
        group: string;
        /** In seconds since 1970 */
        modified_at: number;
        /** Where a link leads in the end; its own path, if it leads nowhere */
        symlink_target?: string;
      }[];
    };
  };
  "POST /v1/capsules/{id}/files/stream/read": {
    path: { id: string };
    body: {
      /** Absolute, or from root's home directory on; `~` is that */
      path: string;
    };
    reply: Blob;
  };
  "POST /v1/capsules/{id}/files/stream/write": {
    path: { id: string };
    body: {
      /** Where to: absolute, or from root's home directory on */
      path: string;
      /** The content; the part's own file name means nothing */
      file: Blob;
    };
    reply: undefined;
  };
  "POST /v1/capsules/{id}/files/mkdir": {
    path: { id: string };
    body: {
      /** Absolute, or from root's home directory on; `~` is that */
      path: string;
    };
    reply: { entry: Operations["POST /v1/capsules/{id}/files/list"]["reply"]["entries"][number] };
  };
  "POST /v1/capsules/{id}/files/remove": {
    path: { id: string };
    body: {
      /** Absolute, or from root's home directory on; `~` is that */
      path: string;
    };
    reply: undefined;
  };
  "GET /v1/snapshots": {
    query?: { type?: string };
    reply: {
      name: string;
      type: "base" | "snapshot";
      /** Of capsules made of it, where it says so */
      vcpus?: number;
      /** Likewise */
      memory_mb?: number;
      size_bytes: number;
      /** RFC 3339, in whole seconds */
      created_at: string;
      /** Everybody's */
      platform: boolean;
    }[];
  };
  "POST /v1/snapshots": {
    query?: { overwrite?: "true" | "false" };
    body: {
      /** Of a capsule that runs or is paused */
      sandbox_id: string;
      name?: string | null;
    };
    reply: Operations["GET /v1/snapshots"]["reply"][number];
  };
  "DELETE /v1/snapshots/{name}": { path: { name: string }; reply: undefined };
  "GET /yard/v1/tasks": {
    query?: {
      search?: string;
      limit?: number;
      after?: string;
      state?: string;
      team?: string;
      label?: string;
      tag?: string;
    };
    reply: {
      items: {
        /** A uuid */
        id: string;
        /** Counts the tasks of its team */
        number: number;
        team: string;
        creator: string;
        state: "pending" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
        command: string;
        tags: string[];
        labels: string[];
        priority: number;
        attempts: number;
        exitCode: number | null;
        signal: number | null;
        reason: string | null;
        worker: string | null;
        /** Milliseconds since 1970 */
        createdAt: number;
        /** Of one that is over, its end */
        updatedAt: number;
      }[];
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
    };
  };
  "POST /tasks": {
    body: {
      group_name: string;
      /** A worker must have all of them */
      tags: string[];
      labels: string[];
      /** As 10m, 1h 30min or 2days */
      timeout: string;
      /** The larger goes first; among equals the older */
      priority: number;
      task_spec: {
        /** Program and arguments; no shell */
        args: string[];
        envs?: Record<string, string>;
        resources?: {
          remote_file:
            | {
                Artifact: {
                  /** A UUID, in any case */
                  uuid: string;
                  /** result, exec-log or std-log; the other spellings are what older clients send */
                  content_type:
                    | "result"
                    | "Result"
                    | "RESULT"
                    | "exec-log"
                    | "exec"
                    | "Exec"
                    | "EXEC"
                    | "execlog"
                    | "Execlog"
                    | "ExecLog"
                    | "EXECLOG"
                    | "std-log"
                    | "std"
                    | "Std"
                    | "STD"
                    | "stdlog"
                    | "Stdlog"
                    | "STDLOG"
                    | "terminal"
                    | "Terminal"
                    | "TERMINAL";
                };
              }
            | { Attachment: { key: string } };
          /** Below the task's directory of resources */
          local_path: string;
        }[];
        /** Keep what it prints, as std-log */
        terminal_output?: boolean;
        watch?:
          | [
              string,
              (
                | "WorkerExited"
                | "FetchResource"
                | "FetchResourceFinished"
                | "FetchResourceError"
                | "FetchResourceTimeout"
                | "FetchResourceNotFound"
                | "FetchResourceForbidden"
                | "Watch"
                | "WatchFinished"
                | "WatchTimeout"
                | "ExecPending"
                | "ExecSpawned"
                | "ExecFinished"
                | "ExecTimeout"
                | "UploadResult"
                | "UploadFinishedResult"
                | "UploadCancelledResult"
                | "UploadResultFinished"
                | "UploadResultTimeout"
                | "TaskCommitted"
                | "Unknown"
              ),
            ]
          | null;
      };
    };
    reply: {
      /** Counts the group's tasks, from 1 */
      task_id: number;
      uuid: string;
    };
  };
  "GET /tasks/{uuid}": {
    path: { uuid: string };
    reply: {
      info: {
        uuid: string;
        reporter_uuid: string | null;
        creator_username: string;
        group_name: string;
        task_id: number;
        tags: string[];
        labels: string[];
        /** UTC: RFC 3339, or the form of Mitosis' own programs */
        created_at: string;
        /** UTC: RFC 3339, or the form of Mitosis' own programs */
        updated_at: string;
        state: "Pending" | "Ready" | "Running" | "Finished" | "Cancelled" | "Unknown";
        /** Seconds */
        timeout: number;
        priority: number;
        spec: {
          args: string[];
          envs: Record<string, string>;
          resources: Exclude<Operations["POST /tasks"]["body"]["task_spec"]["resources"], undefined>;
          terminal_output: boolean;
          watch: Exclude<Operations["POST /tasks"]["body"]["task_spec"]["watch"], undefined>;
        };
        result: {
          /** As waitpid gives it: exit code n is n × 256, death by signal s is s */
          exit_status: number;
          msg:
            | "FetchResourceTimeout"
            | "ExecTimeout"
            | "UploadResultTimeout"
            | "ResourceNotFound"
            | "ResourceForbidden"
            | "WatchTimeout"
            | "UserCancellation"
            | "SubmitNewTaskFailed"
            | null;
        } | null;
        upstream_task_uuid: string | null;
        downstream_task_uuid: string | null;
      };
      artifacts: {
        content_type: "result" | "exec-log" | "std-log";
        /** Bytes */
        size: number;
        /** UTC: RFC 3339, or the form of Mitosis' own programs */
        created_at: string;
        /** UTC: RFC 3339, or the form of Mitosis' own programs */
        updated_at: string;
      }[];
    };
  };
  "GET /yard/v1/tasks/{uuid}/output": {
    path: { uuid: string };
    query?: { stdout?: number; stderr?: number };
    reply: {
      /** Else there is no such task, as far as one sees, none that runs, or none that keeps its output */
      isRunning: boolean;
      stdout: {
        /** Of the first byte: higher than asked for where some are gone, lower where the task has begun anew */
        position: number;
        /** Base64 */
        bytes: string;
      };
      stderr: Operations["GET /yard/v1/tasks/{uuid}/output"]["reply"]["stdout"];
    };
  };
  "DELETE /tasks/{uuid}": { path: { uuid: string }; reply: undefined };
  "POST /tasks/cancel/list": { body: { uuids: string[] }; reply: { cancelled_count: number; failed_uuids: string[] } };
  "PUT /tasks/{uuid}/labels": { path: { uuid: string }; body: { labels: string[] }; reply: undefined };
  "POST /tasks/{uuid}/artifacts": {
    path: { uuid: string };
    body: {
      /** result, exec-log or std-log; the other spellings are what older clients send */
      content_type:
        | "result"
        | "Result"
        | "RESULT"
        | "exec-log"
        | "exec"
        | "Exec"
        | "EXEC"
        | "execlog"
        | "Execlog"
        | "ExecLog"
        | "EXECLOG"
        | "std-log"
        | "std"
        | "Std"
        | "STD"
        | "stdlog"
        | "Stdlog"
        | "STDLOG"
        | "terminal"
        | "Terminal"
        | "TERMINAL";
      /** Exactly so many bytes are taken */
      content_length: number;
    };
    reply: {
      /** PUT the bytes there within the hour, with their Content-Length and no token */
      url: string;
      /** There was one before */
      exist: boolean;
    };
  };
  "POST /tasks/download/artifacts/list": {
    body: {
      uuids: string[];
      /** result, exec-log or std-log; the other spellings are what older clients send */
      content_type: Operations["POST /tasks/{uuid}/artifacts"]["body"]["content_type"];
    };
    reply: {
      downloads: {
        uuid: string;
        url: string;
        /** Bytes */
        size: number;
      }[];
    };
  };
  "POST /workers/query": {
    body: {
      group_name?: string | null;
      role?: ("Read" | "read" | "READ" | "Write" | "write" | "WRITE" | "Admin" | "admin" | "ADMIN")[] | null;
      tags?: string[] | null;
      labels?: string[] | null;
      creator_username?: string | null;
      /** Only how many there are */
      count?: boolean;
    };
    reply: {
      count: number;
      workers: {
        worker_id: string;
        creator_username: string;
        tags: string[];
        labels: string[];
        /** UTC: RFC 3339, or the form of Mitosis' own programs */
        created_at: string;
        /** UTC: RFC 3339, or the form of Mitosis' own programs */
        updated_at: string;
        state: "Normal" | "GracefulShutdown";
        /** UTC: RFC 3339, or the form of Mitosis' own programs */
        last_heartbeat: string;
        assigned_task_id: string | null;
      }[];
      group_name: string;
    };
  };
  "DELETE /workers/{uuid}": {
    path: { uuid: string };
    query?: { op?: "Graceful" | "graceful" | "Force" | "force" };
    reply: undefined;
  };
  "POST /api/exec": {
    query?: {
      heap?: string;
      fs?: string;
      session?: string;
      heap_memory_max_mb?: number;
      execution_timeout_secs?: number;
    };
    body: {
      /** JavaScript or TypeScript, a module */
      code: string;
      heap?: string | null;
      fs?: string | null;
      session?: string | null;
      heap_memory_max_mb?: number | null;
      execution_timeout_secs?: number | null;
      tags?: Record<string, string> | null;
    };
    reply: {
      /** A UUID */
      execution_id: string;
    };
  };
  "GET /yard/v1/executions": {
    query?: { search?: string; limit?: number; after?: string; status?: string; session?: string };
    reply: {
      items: {
        /** A uuid */
        id: string;
        status: "running" | "completed" | "failed" | "timed_out" | "cancelled";
        session: string | null;
        heapIn: string | null;
        heapOut: string | null;
        fsOut: string | null;
        error: string | null;
        /** Milliseconds since 1970 */
        createdAt: number;
        /** Milliseconds since 1970 */
        endedAt: number | null;
        queuedMs: number | null;
        runMs: number | null;
      }[];
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
    };
  };
  "GET /api/executions/{id}": {
    path: { id: string };
    reply: {
      execution_id: string;
      status: "running" | "completed" | "failed" | "cancelled" | "timed_out";
      /** When it was submitted: RFC 3339 with an offset */
      started_at: string;
      completed_at: string | null;
      result: string | null;
      /** What of the final value JSON cannot express, each as path and kind */
      result_lost: string[];
      heap: string | null;
      fs: string | null;
      error: string | null;
    };
  };
  "GET /api/executions/{id}/output": {
    path: { id: string };
    query?: { line_offset?: number; line_limit?: number; byte_offset?: number; byte_limit?: number };
    reply: {
      execution_id: string;
      /** A page of lines comes without its last line feed */
      data: string;
      /** The first line of the page */
      start_line: number;
      /** The first line behind the page */
      end_line: number;
      /** Read on there */
      next_line_offset: number;
      /** Lines that are complete */
      total_lines: number;
      /** The first byte of the page */
      start_byte: number;
      /** The first byte behind the page */
      end_byte: number;
      /** Read on there */
      next_byte_offset: number;
      /** All that was printed so far */
      total_bytes: number;
      /** Of what was printed so far */
      has_more: boolean;
      status: "running" | "completed" | "failed" | "cancelled" | "timed_out";
    };
  };
  "POST /api/executions/{id}/cancel": { path: { id: string }; reply: { ok: boolean; error?: string | null } };
  "GET /api/fs/labels": {
    reply: {
      labels: {
        name: string;
        /** 64 hexadecimal digits */
        ca_id: string;
      }[];
    };
  };
  "POST /api/fs/labels": {
    body: {
      name: string;
      /** 64 hexadecimal digits */
      ca_id: string;
      message?: string | null;
    };
    reply: {
      label: string;
      /** 64 hexadecimal digits */
      ca_id: string;
    };
  };
  "GET /api/fs/labels/{label}/log": {
    path: { label: string };
    query?: { limit?: number };
    reply: {
      label: string;
      log: {
        /** Milliseconds since 1970 */
        at: number;
        from: string | null;
        /** 64 hexadecimal digits */
        to: string;
        op: "create" | "push" | "reset";
        message?: string;
      }[];
    };
  };
  "POST /api/fs/reset": {
    body: {
      label: string;
      /** 64 hexadecimal digits */
      ca_id: string;
      /** Also to where it has never been */
      allow_unlogged?: boolean;
      message?: string | null;
    };
    reply: {
      label: string;
      /** 64 hexadecimal digits */
      ca_id: string;
    };
  };
  "GET /yard/v1/trees/{id}/entries": {
    path: { id: string };
    query?: { path?: string; after?: string; limit?: number };
    reply: {
      entries: {
        /** From the root of the tree */
        path: string;
        type: "file" | "directory" | "symlink";
        /** Permission bits */
        mode: number;
        /** Bytes of a file, of a link's target; 0 of a directory */
        size: number;
        /** Of a symbolic link */
        target?: string;
      }[];
      /** There is more: ask with this as `after` */
      next?: string;
    };
  };
  "GET /yard/v1/trees/{id}": { path: { id: string }; reply: Blob };
  "GET /api/v1/stacks": {
    reply: {
      name: string;
      compose_path?: string;
      deployment?: {
        stack_name: string;
        host_id: string;
        host_name?: string;
        status: "deployed" | "stopped" | "migrating" | "migrated_away";
        deployed_at: string;
        updated_at: string;
      };
      status?: "ok" | "needs_recovery";
    }[];
  };
  "POST /api/v1/stacks": {
    body: {
      /** 2 to 63 small letters, digits and - */
      name: string;
      /** compose.yaml; kept as it is, and checked when it is deployed */
      compose: string;
      /** The variables of the stack; encrypted on the disk. Empty: none */
      env?: string;
    };
    reply: {
      name: string;
      /** compose.yaml as it is; empty where it has to be recovered */
      compose: string;
      /** The variables of the stack, decrypted */
      env?: string;
      status?: "ok" | "needs_recovery";
      /** Of both texts: whoever writes them anew can name it */
      revision?: string;
    };
  };
  "GET /api/v1/stacks/{name}": { path: { name: string }; reply: Operations["POST /api/v1/stacks"]["reply"] };
  "PUT /api/v1/stacks/{name}": {
    path: { name: string };
    body: {
      /** The path's counts */
      name?: string;
      /** compose.yaml; kept as it is, and checked when it is deployed */
      compose: string;
      /** The variables of the stack; encrypted on the disk. Empty: none */
      env?: string;
      /** Of what was read; refused (409) if it is another by now */
      revision?: string;
    };
    reply: Operations["POST /api/v1/stacks"]["reply"];
  };
  "DELETE /api/v1/stacks/{name}": {
    path: { name: string };
    query?: { force?: string; stop?: string; networks?: string; volumes?: string; images?: string };
    reply:
      | {
          cleanup: { networks: string[]; volumes: string[]; images: string[]; errors?: string[] } | null;
          cleanup_error: string;
        }
      | undefined;
  };
  "GET /api/v1/stacks/{name}/cleanup-preview": {
    path: { name: string };
    reply: {
      networks: string[];
      volumes: string[];
      images: string[];
      skipped_external: string[];
      skipped_in_use: string[];
    };
  };
  "POST /api/v1/stacks/{name}/recover": {
    path: { name: string };
    reply: {
      stack: Operations["POST /api/v1/stacks"]["reply"];
      warnings: string[];
      recovered_from: { host_id: string; container_count: number; reconstructed_at: string };
    };
  };
  "POST /api/v1/stacks/{name}/discard": { path: { name: string }; reply: undefined };
  "GET /api/v1/stacks/{name}/environments": {
    path: { name: string };
    reply: {
      stack_name: string;
      /** Empty: none */
      active: string;
      available: string[];
    };
  };
  "PUT /api/v1/stacks/{name}/environments/active": {
    path: { name: string };
    body: {
      /** Empty: none. Its file need not be there yet */
      active: string;
    };
    reply: { stack_name: string; active: string };
  };
  "GET /api/v1/stacks/discovered": {
    query?: { host?: string };
    reply: {
      project_name: string;
      host_id: string;
      host_name: string;
      service_count: number;
      services: { name: string; container_id: string; container_name: string; state: string; image: string }[];
      first_seen: string;
    }[];
  };
  "POST /api/v1/stacks/adopt": {
    body: {
      /** The project's name; the stack gets the same */
      name: string;
      /** Empty or `local`: the server's own */
      host_id: string;
      compose: string;
      env?: string;
      /** Further files of its directory: a tar archive, gzipped, in base64 */
      bundle?: string;
      accepted_warnings?: string[];
    };
    reply: {
      name: string;
      host_id: string;
      bound_containers: number;
      warnings: string[];
      /** They do not run as the files say */
      drift_services: string[];
    };
  };
  "POST /api/v1/convert/run-to-compose": { body: { command: string }; reply: { yaml: string; warnings: string[] } };
  "POST /api/v1/stacks/{name}/deploy": {
    path: { name: string };
    query?: { host?: string; environment?: string };
    reply: {
      stack: string;
      services: {
        name: string;
        /** Of its first container; empty where it is to have none */
        container_id: string;
        image: string;
      }[];
      networks?: { name: string; created: boolean }[];
      volumes?: { name: string; created: boolean }[];
      /** Stacks that had to be deployed first */
      dependencies_deployed?: string[];
      /** In the stack's history */
      deployment_id?: number;
    };
  };
  "POST /api/v1/stacks/{name}/stop": {
    path: { name: string };
    query?: { host?: string; force?: string };
    reply: undefined;
  };
  "GET /api/v1/stacks/{name}/plan": {
    path: { name: string };
    query?: { host?: string; environment?: string };
    reply: {
      stack: string;
      /** The overlay that would be merged */
      environment?: string;
      /** There is nothing to do */
      settled: boolean;
      /** Stacks that would be deployed first */
      dependencies: string[];
      /** Images that would be fetched */
      pulls: string[];
      networks: { name: string; created: boolean }[];
      volumes: { name: string; created: boolean }[];
      containers: {
        service: string;
        name: string;
        action: "keep" | "start" | "rename" | "create" | "replace" | "remove" | "leave";
        /** How it differs from what the file says. `changed`: it was made of something else; `image`: its image's name means another one by now; `shared`: it is in the network of one that gives way; `unknown`: the file has no such service, and it is left alone */
        because?:
          | "missing"
          | "changed"
          | "image"
          | "unhealthy"
          | "shared"
          | "stopped"
          | "paused"
          | "name"
          | "surplus"
          | "unknown";
      }[];
    };
  };
  "GET /api/v1/stacks/{name}/services/{service}/scale": {
    path: { name: string; service: string };
    query?: { host?: string };
    reply: {
      service: string;
      current_replicas: number;
      has_container_name: boolean;
      /** It takes a port of the host that only one container can have */
      has_hard_port: boolean;
      hard_port_detail?: string;
      /** Each container of its image would keep data of its own */
      is_stateful: boolean;
      stateful_image?: string;
      has_volumes: boolean;
    };
  };
  "POST /api/v1/stacks/{name}/services/{service}/scale": {
    path: { name: string; service: string };
    query?: { host?: string };
    body: {
      replicas: number;
      /** Also of what keeps data */
      force?: boolean;
    };
    reply: {
      service: string;
      /** Containers that ran */
      previous: number;
      current: number;
      created: number;
      removed: number;
    };
  };
  "POST /api/v1/stacks/{name}/services/{service}/rolling-update": {
    path: { name: string; service: string };
    query?: { host?: string };
    body: {
      parallelism?: number;
      delay_seconds?: number;
      order?: "stop-first" | "start-first";
      failure_action?: "pause" | "continue" | "rollback";
    };
    reply: {
      service: string;
      total_replicas: number;
      updated: number;
      failed: number;
      /** Were not tried, because one before them failed */
      skipped: number;
      rolled_back: boolean;
      previous_image?: string;
      new_image: string;
      errors?: string[];
    };
  };
  "GET /api/v1/stacks/{name}/deployments": {
    path: { name: string };
    query?: { limit?: number };
    reply: {
      id: number;
      stack_name: string;
      host_id: string;
      /** As it was deployed, with its variables */
      compose_yaml?: string;
      services?: { service: string; image: string }[];
      note?: string;
      /** A user's id */
      deployed_by?: string;
      deployed_by_name?: string;
      deployed_at: string;
    }[];
  };
  "GET /api/v1/stacks/{name}/deployments/{id}": {
    path: { name: string; id: number };
    reply: Operations["GET /api/v1/stacks/{name}/deployments"]["reply"][number];
  };
  "GET /api/v1/stacks/{name}/deployments/{id}/log": {
    path: { name: string; id: string };
    reply: {
      deployment_id: number;
      state: "running" | "done" | "failed";
      error?: string;
      steps: { time: string; text: string }[];
    };
  };
  "POST /api/v1/stacks/{name}/deployments/{id}/rollback": {
    path: { name: string; id: number };
    query?: { host?: string };
    reply: {
      rolled_back_to: number;
      deployed_at_orig?: string;
      result: Operations["POST /api/v1/stacks/{name}/deploy"]["reply"];
    };
  };
  "GET /api/v1/stacks/{name}/dependencies": {
    path: { name: string };
    reply: { stack_name: string; depends_on: string[]; dependents: string[] };
  };
  "PUT /api/v1/stacks/{name}/dependencies": {
    path: { name: string };
    body: { depends_on: string[] };
    reply: { stack_name: string; depends_on: string[] };
  };
  "GET /api/v1/templates": {
    reply: {
      id: number;
      /** Unique */
      slug: string;
      name: string;
      /** With places: `{{ NAME | default:x | secret | enum:a,b | pattern:re | required }}` */
      compose: string;
      description?: string;
      icon_url?: string;
      /** Variables of the stack, with places as in `compose` */
      env?: string;
      author?: string;
      version?: string;
      /** Those of the text, too */
      parameters: {
        name: string;
        description?: string;
        type?: "string" | "number" | "bool" | "secret";
        default?: string;
        /** Made up where nobody gives one */
        secret?: boolean;
        enum?: string[];
        /** A regular expression that the whole value matches */
        pattern?: string;
        required?: boolean;
      }[];
      /** It came with the server, and cannot be changed */
      builtin: boolean;
      created_at: string;
      updated_at: string;
    }[];
  };
  "GET /api/v1/templates/{id}/export": { path: { id: number }; reply: string };
  "POST /api/v1/templates": {
    body: {
      /** Unique */
      slug: string;
      name: string;
      /** With places: `{{ NAME | default:x | secret | enum:a,b | pattern:re | required }}` */
      compose: string;
      description?: string;
      icon_url?: string;
      /** Variables of the stack, with places as in `compose` */
      env?: string;
      author?: string;
      version?: string;
      /** These count before what the text says of them */
      parameters?: Operations["GET /api/v1/templates"]["reply"][number]["parameters"];
    };
    reply: Operations["GET /api/v1/templates"]["reply"][number];
  };
  "PUT /api/v1/templates/{id}": {
    path: { id: number };
    body: Operations["POST /api/v1/templates"]["body"];
    reply: Operations["GET /api/v1/templates"]["reply"][number];
  };
  "DELETE /api/v1/templates/{id}": { path: { id: number }; reply: undefined };
  "POST /api/v1/templates/{id}/deploy": {
    path: { id: number };
    body: {
      /** Of a stack that there is not yet */
      stack_name: string;
      /** Absent, empty or `local`: the server's own */
      host_id?: string;
      values?: Record<string, string>;
    };
    reply: {
      stack: string;
      /** As it was deployed, but for the secrets */
      compose: string;
      /** `<generated>` stands for a secret that was made up, `<secret>` for one that was given */
      values: Record<string, string>;
      deploy_result: Operations["POST /api/v1/stacks/{name}/deploy"]["reply"];
    };
  };
  "GET /yard/v1/containers": {
    query?: {
      search?: string;
      limit?: number;
      after?: string;
      sort?: "name" | "-name" | "state" | "-state" | "host" | "-host" | "created" | "-created";
      state?: string;
      host?: string;
      stack?: string;
    };
    reply: {
      items: {
        id: string;
        name: string;
        image: string;
        /** As `?host=` of Dockmesh takes it */
        hostId: string;
        hostName: string;
        /** The engine's word */
        state: string;
        /** The engine's text */
        status: string;
        health: "healthy" | "unhealthy" | "starting" | null;
        stack: string | null;
        service: string | null;
        ports: string[];
        /** Milliseconds since 1970 */
        createdAt: number;
      }[];
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
      /** Hosts whose containers are not in the list: their engine does not answer */
      unreachable: {
        /** As `?host=` of Dockmesh takes it */
        hostId: string;
        hostName: string;
        reason: string;
      }[];
    };
  };
  "GET /api/v1/containers/summary": {
    query?: { host?: string };
    reply: {
      total: number;
      running: number;
      unhealthy: number;
      /** Exited, dead, or never started */
      stopped: number;
      by_stack: Record<
        string,
        {
          total: number;
          running: number;
          unhealthy: number;
          /** Ids */
          hosts: string[];
          services: string[];
        }
      >;
    };
  };
  "GET /api/v1/containers/{id}": { path: { id: string }; query?: { host?: string }; reply: Record<string, never> };
  "DELETE /api/v1/containers/{id}": {
    path: { id: string };
    query?: { host?: string; force?: string };
    reply: undefined;
  };
  "POST /api/v1/containers/{id}/start": { path: { id: string }; query?: { host?: string }; reply: undefined };
  "POST /api/v1/containers/{id}/stop": { path: { id: string }; query?: { host?: string }; reply: undefined };
  "POST /api/v1/containers/{id}/restart": { path: { id: string }; query?: { host?: string }; reply: undefined };
  "POST /api/v1/containers/{id}/pause": { path: { id: string }; query?: { host?: string }; reply: undefined };
  "POST /api/v1/containers/{id}/unpause": { path: { id: string }; query?: { host?: string }; reply: undefined };
  "POST /api/v1/containers/{id}/kill": {
    path: { id: string };
    query?: { host?: string };
    body: { signal?: string };
    reply: undefined;
  };
  "GET /api/v1/containers/{id}/update-info": {
    path: { id: string };
    query?: { host?: string };
    reply: {
      current_image: string;
      /** Empty: the image came from no registry */
      current_digest: string;
      latest_image: string;
      latest_digest: string;
      update_available: boolean;
    };
  };
  "POST /api/v1/containers/{id}/update": {
    path: { id: string };
    query?: { host?: string };
    reply: {
      /** The same as before: there was nothing newer */
      container_id: string;
      /** An id */
      old_image: string;
      /** An id */
      new_image: string;
    };
  };
  "POST /api/v1/containers/{id}/rollback": {
    path: { id: string };
    query?: { host?: string };
    body: { history_id: number };
    reply: { container_id: string; image: string };
  };
  "GET /api/v1/containers/{id}/update-history": {
    path: { id: string };
    query?: { host?: string };
    reply: {
      id: number;
      /** An id */
      old_image: string;
      /** An id */
      new_image: string;
      updated_at: string;
      rolled_back_at?: string;
    }[];
  };
  "GET /api/v1/containers/{id}/metrics": {
    path: { id: string };
    query?: { host?: string; resolution?: "raw" | "1m" | "1h"; from?: number; to?: number };
    reply: {
      /** Seconds since 1970; of a mean, the beginning of its time */
      ts: number;
      /** Of one core */
      cpu_percent: number;
      mem_used: number;
      mem_limit: number;
      /** Since the container has started, as those below */
      net_rx: number;
      net_tx: number;
      blk_read: number;
      blk_write: number;
    }[];
  };
  "GET /api/v1/images": {
    query?: { host?: string; all?: string };
    reply:
      | {
          Id: string;
          ParentId?: string;
          RepoTags: string[] | null;
          RepoDigests?: string[] | null;
          /** Seconds since 1970 */
          Created: number;
          Size: number;
          SharedSize?: number;
          Containers?: number;
          Labels?: Record<string, string> | null;
          host_id?: string;
          host_name?: string;
        }[]
      | {
          items: {
            Id: string;
            ParentId?: string;
            RepoTags: string[] | null;
            RepoDigests?: string[] | null;
            /** Seconds since 1970 */
            Created: number;
            Size: number;
            SharedSize?: number;
            Containers?: number;
            Labels?: Record<string, string> | null;
            host_id?: string;
            host_name?: string;
          }[];
          unreachable_hosts: { host_id: string; host_name: string; error: string; reason: string }[];
        };
  };
  "POST /api/v1/images/pull": {
    query?: { host?: string };
    body: {
      /** `nginx:1.27` */
      image: string;
    };
    reply: string;
  };
  "DELETE /api/v1/images/{id}": {
    path: { id: string };
    query?: { host?: string; force?: string };
    reply: Record<string, never>[];
  };
  "POST /api/v1/images/prune": {
    query?: { host?: string };
    reply: {
      ImagesDeleted: Record<string, never>[] | null;
      /** Bytes */
      SpaceReclaimed: number;
    };
  };
  "GET /api/v1/images/prune/preview": {
    query?: { host?: string };
    reply: {
      items: {
        id: string;
        name: string;
        /** At least what its removal frees; of networks 0 */
        bytes: number;
      }[];
      /** Of all together */
      bytes: number;
    };
  };
  "GET /api/v1/volumes": {
    query?: { host?: string };
    reply:
      | {
          Name: string;
          Driver: string;
          Mountpoint: string;
          Scope: string;
          CreatedAt?: string;
          Labels?: Record<string, string> | null;
          Options?: Record<string, string> | null;
          Status?: Record<string, never>;
          UsageData?: Record<string, never> | null;
          host_id?: string;
          host_name?: string;
        }[]
      | {
          items: {
            Name: string;
            Driver: string;
            Mountpoint: string;
            Scope: string;
            CreatedAt?: string;
            Labels?: Record<string, string> | null;
            Options?: Record<string, string> | null;
            Status?: Record<string, never>;
            UsageData?: Record<string, never> | null;
            host_id?: string;
            host_name?: string;
          }[];
          unreachable_hosts: { host_id: string; host_name: string; error: string; reason: string }[];
        };
  };
  "POST /api/v1/volumes": {
    query?: { host?: string };
    body: { name: string; driver?: string; labels?: Record<string, string> };
    reply: {
      Name: string;
      Driver: string;
      Mountpoint: string;
      Scope: string;
      CreatedAt?: string;
      Labels?: Record<string, string> | null;
      Options?: Record<string, string> | null;
      Status?: Record<string, never>;
      UsageData?: Record<string, never> | null;
      host_id?: string;
      host_name?: string;
    };
  };
  "DELETE /api/v1/volumes/{name}": {
    path: { name: string };
    query?: { host?: string; force?: string };
    reply: undefined;
  };
  "POST /api/v1/volumes/prune": {
    query?: { host?: string };
    reply: {
      VolumesDeleted: string[] | null;
      /** Bytes */
      SpaceReclaimed: number;
    };
  };
  "GET /api/v1/volumes/prune/preview": {
    query?: { host?: string };
    reply: Operations["GET /api/v1/images/prune/preview"]["reply"];
  };
  "GET /api/v1/volumes/{name}": {
    path: { name: string };
    query?: { host?: string };
    reply: Operations["POST /api/v1/volumes"]["reply"];
  };
  "GET /api/v1/volumes/{name}/browse": {
    path: { name: string };
    query?: { host?: string; path?: string };
    reply: {
      name: string;
      type: "file" | "dir" | "symlink";
      /** Bytes */
      size: number;
      /** As ls shows it: `-rw-r--r--` */
      mode: string;
      mod_time: string;
      link_dest?: string;
    }[];
  };
  "GET /api/v1/volumes/{name}/browse/file": {
    path: { name: string };
    query: { host?: string; path: string };
    reply: {
      /** Base64, of the first MiB */
      content: string;
      /** Bytes, of the whole file */
      size: number;
      truncated: boolean;
      /** It is no text in UTF-8 */
      binary: boolean;
    };
  };
  "GET /api/v1/networks": {
    query?: { host?: string };
    reply:
      | {
          Id: string;
          Name: string;
          Driver: string;
          Scope: string;
          Created?: string;
          Attachable?: boolean;
          EnableIPv6?: boolean;
          Ingress?: boolean;
          Internal?: boolean;
          IPAM?: Record<string, never>;
          Labels?: Record<string, string> | null;
          Options?: Record<string, string> | null;
          Containers?: Record<
            string,
            {
              Name?: string;
              EndpointID?: string;
              MacAddress?: string;
              /** With the length of its prefix */
              IPv4Address?: string;
              IPv6Address?: string;
            }
          >;
          host_id?: string;
          host_name?: string;
        }[]
      | {
          items: {
            Id: string;
            Name: string;
            Driver: string;
            Scope: string;
            Created?: string;
            Attachable?: boolean;
            EnableIPv6?: boolean;
            Ingress?: boolean;
            Internal?: boolean;
            IPAM?: Record<string, never>;
            Labels?: Record<string, string> | null;
            Options?: Record<string, string> | null;
            Containers?: Record<
              string,
              {
                Name?: string;
                EndpointID?: string;
                MacAddress?: string;
                /** With the length of its prefix */
                IPv4Address?: string;
                IPv6Address?: string;
              }
            >;
            host_id?: string;
            host_name?: string;
          }[];
          unreachable_hosts: { host_id: string; host_name: string; error: string; reason: string }[];
        };
  };
  "POST /api/v1/networks": {
    query?: { host?: string };
    body: { name: string; driver?: string; labels?: Record<string, string> };
    reply: { Id: string; Warning: string };
  };
  "DELETE /api/v1/networks/{id}": { path: { id: string }; query?: { host?: string }; reply: undefined };
  "POST /api/v1/networks/prune": { query?: { host?: string }; reply: { NetworksDeleted: string[] | null } };
  "GET /api/v1/networks/prune/preview": {
    query?: { host?: string };
    reply: Operations["GET /api/v1/images/prune/preview"]["reply"];
  };
  "GET /api/v1/networks/topology": {
    query?: { host?: string };
    reply: {
      networks: {
        id: string;
        name: string;
        driver: string;
        scope: string;
        internal: boolean;
        /** One of the engine's own */
        system: boolean;
        stack?: string;
      }[];
      containers: {
        id: string;
        name: string;
        image: string;
        state: string;
        stack?: string;
        ports: {
          /** Absent: it is not published */
          host_port?: number;
          container_port: number;
          protocol: string;
        }[];
      }[];
      links: { network_id: string; container_id: string; ipv4?: string; aliases?: string[] }[];
    };
  };
  "GET /api/v1/hosts": {
    reply: {
      id: string;
      name: string;
      kind: "local" | "agent";
      status: "online" | "offline" | "pending" | "revoked";
      tags?: string[];
    }[];
  };
  "GET /yard/v1/hosts": {
    query?: {
      search?: string;
      limit?: number;
      after?: string;
      sort?: "name" | "-name" | "status" | "-status" | "seen" | "-seen";
      status?: string;
    };
    reply: {
      items: {
        id: string;
        name: string;
        /** As `?host=` of Dockmesh takes it */
        engineId: string;
        status: "pending" | "online" | "unreachable";
        /** To the yard that was asked */
        connected: boolean;
        /** That yard runs on it */
        isLocal: boolean;
        /** Milliseconds since 1970 */
        lastSeenAt: number | null;
        tags: string[];
        team: string | null;
        os: string | null;
        arch: string | null;
        agentVersion: string | null;
        dockerVersion: string | null;
        cpuCores: number | null;
        memoryMb: number | null;
        diskMb: number | null;
        load: {
          /** Milliseconds since 1970 */
          at: number;
          /** Of all cores: 100 is all of them */
          cpuPercent: number;
          memoryBytes: number;
          memoryTotalBytes: number;
          diskBytes: number | null;
          diskTotalBytes: number | null;
        } | null;
      }[];
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
    };
  };
  "GET /yard/v1/load": {
    query?: { host?: string };
    reply: Exclude<Operations["GET /yard/v1/overview"]["reply"]["load"], null>;
  };
  "GET /yard/v1/doctor": {
    query?: { fresh?: boolean };
    reply: {
      /** Milliseconds since 1970 */
      at: number;
      findings: {
        name: string;
        state: "ok" | "warning" | "missing";
        /** What was found */
        what: string;
        /** What to do */
        fix?: string;
      }[];
    };
  };
  "POST /api/v1/agents": {
    body: { name: string };
    reply: {
      agent: {
        id: string;
        name: string;
        status: "pending" | "online" | "offline" | "revoked";
        /** Of the agent */
        version?: string;
        os?: string;
        arch?: string;
        /** As its machine calls itself */
        hostname?: string;
        /** Of its Docker engine, when it enrolled */
        docker_version?: string;
        /** Hex SHA-256 of its certificate */
        cert_fingerprint?: string;
        last_seen_at?: string;
        created_at: string;
        updated_at: string;
      };
      /** Good once, for a quarter of an hour; shown only here */
      token: string;
      /** The same */
      enroll_token: string;
      enroll_url: string;
      /** Where the agent connects */
      agent_url: string;
      /** To be run on its machine */
      install_hint: string;
    };
  };
  "DELETE /api/v1/agents/{id}": { path: { id: string }; reply: undefined };
  "POST /api/v1/agents/{id}/rotate-token": { path: { id: string }; reply: Operations["POST /api/v1/agents"]["reply"] };
  "PUT /api/v1/hosts/{id}/tags": { path: { id: string }; body: { tags: string[] }; reply: string[] };
  "GET /yard/v1/events": {
    query?: {
      search?: string;
      limit?: number;
      after?: string;
      sort?: "oldest" | "newest";
      topic?: string;
      subject?: string;
    };
    reply: {
      items: Exclude<Operations["GET /yard/v1/overview"]["reply"]["happened"], null>;
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
    };
  };
  "GET /yard/v1/audit": {
    query?: { search?: string; limit?: number; after?: string; action?: string; actor?: string };
    reply: {
      items: {
        /** The sequence number */
        id: string;
        /** Milliseconds since 1970 */
        at: number;
        actor: { id: string | null; name: string };
        action: string;
        target: string;
        outcome: "done" | "denied" | "failed";
        api: string;
        address: string | null;
        requestId: string | null;
        details: unknown;
      }[];
      /** Ask with it as `after` for what follows; null: nothing does */
      next: string | null;
      /** Rows in all pages, where that is known */
      total?: number;
    };
  };
  "GET /api/v1/audit/verify": {
    reply: {
      ok: boolean;
      verified_rows: number;
      first_broken_id?: number;
      message?: string;
      /** How many hold; the same as `verified_rows` */
      verified: number;
      /** 1 once one does not: those after it say nothing */
      broken: number;
      /** The same as `first_broken_id` */
      first_break?: number;
      /** The same as `message` */
      break_reason?: string;
      /** What the first entry follows */
      genesis: string;
    };
  };
  "GET /api/v1/audit/retention": {
    reply: {
      config: {
        /** `archive_local`: what is too old is put into a file on the server first. There are no targets here */
        mode: "forever" | "days" | "archive_local" | "archive_target";
        /** Entries that are older are pruned */
        days?: number;
        target_id?: number;
        /** Below the server's directory for archives */
        local_dir?: string;
      };
      preview: { mode: string; cutoff_at?: string; would_prune: number; total_rows: number; oldest_at?: string };
    };
  };
  "PUT /api/v1/audit/retention": {
    body: Operations["GET /api/v1/audit/retention"]["reply"]["config"];
    reply: Operations["GET /api/v1/audit/retention"]["reply"];
  };
  "GET /api/v1/audit/webhook": {
    reply: {
      /** Empty: nowhere */
      url: string;
      /** The secret itself is never shown */
      has_secret: boolean;
      /** Actions such as `stack.deploy`, and areas of them (`stack`, `stack.*`); none: all */
      filter_actions: string[];
    };
  };
  "PUT /api/v1/audit/webhook": {
    body: {
      /** Empty turns it off */
      url: string;
      /** Signs what is sent. Left out or empty: the one that is kept stays */
      secret?: string;
      clear_secret?: boolean;
      /** Actions such as `stack.deploy`, and areas of them (`stack`, `stack.*`); none: all */
      filter_actions?: string[];
    };
    reply: Operations["GET /api/v1/audit/webhook"]["reply"];
  };
  "POST /api/v1/audit/webhook/test": { reply: { status: string } };
  "GET /api/v1/users": { reply: Exclude<Operations["POST /api/v1/auth/login"]["reply"]["user"], undefined>[] };
  "POST /api/v1/users": {
    body: {
      username: string;
      email?: string;
      password: string;
      /** `viewer` if absent */
      role?: string;
      /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
      scope_tags?: string[];
    };
    reply: Exclude<Operations["POST /api/v1/auth/login"]["reply"]["user"], undefined>;
  };
  "PUT /api/v1/users/{id}": {
    path: { id: string };
    body: {
      /** Empty: none */
      email?: string;
      role?: string;
      /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
      scope_tags?: string[];
    };
    reply: Exclude<Operations["POST /api/v1/auth/login"]["reply"]["user"], undefined>;
  };
  "DELETE /api/v1/users/{id}": { path: { id: string }; reply: undefined };
  "PUT /api/v1/users/{id}/password": {
    path: { id: string };
    body: {
      password: string;
      /** Needed for one's own; wrong ones count as tries to log in */
      current_password?: string;
    };
    reply: undefined;
  };
  "POST /api/v1/users/{id}/unlock": { path: { id: string }; reply: undefined };
  "DELETE /api/v1/users/{id}/mfa": { path: { id: string }; reply: undefined };
  "GET /api/v1/roles": {
    reply: {
      name: string;
      /** What people are shown */
      display: string;
      /** Nobody changes or deletes it */
      builtin: boolean;
      permissions: string[];
    }[];
  };
  "POST /api/v1/roles": {
    body: {
      name: string;
      display: string;
      /** Of GET /roles/permissions */
      permissions: string[];
    };
    reply: Operations["GET /api/v1/roles"]["reply"][number];
  };
  "PUT /api/v1/roles/{name}": {
    path: { name: string };
    body: {
      /** As in the path */
      name?: string;
      display?: string;
      /** Of GET /roles/permissions */
      permissions?: string[];
    };
    reply: Operations["GET /api/v1/roles"]["reply"][number];
  };
  "DELETE /api/v1/roles/{name}": { path: { name: string }; reply: undefined };
  "GET /api/v1/roles/permissions": { reply: { name: string; description: string }[] };
  "GET /appmesh/users": {
    reply:
      | {
          name: string;
          email: string;
          group: string;
          /** Whom its programs run as */
          exec_user: string;
          locked: boolean;
          /** Whether logging in needs a TOTP code */
          mfa_enabled: boolean;
          roles: string[];
          metadata?: string;
        }[]
      | Record<
          string,
          {
            name: string;
            email: string;
            group: string;
            /** Whom its programs run as */
            exec_user: string;
            locked: boolean;
            /** Whether logging in needs a TOTP code */
            mfa_enabled: boolean;
            roles: string[];
            metadata?: string;
          }
        >;
  };
  "PUT /appmesh/user/{user_name}": {
    path: { user_name: string };
    body: {
      key?: string | null;
      email?: string | null;
      group?: string | null;
      exec_user?: string | null;
      metadata?: string | null;
      locked?: boolean | null;
      mfa_enabled?: boolean | null;
      mfa_key?: string | null;
      roles?: string[] | null;
    };
    reply: { message: string };
  };
  "GET /appmesh/roles": { reply: Record<string, string[]> };
  "POST /appmesh/role/{role_name}": { path: { role_name: string }; body: string[]; reply: { message: string } };
  "GET /appmesh/permissions": { reply: string[] };
  "POST /admin/users/{username}/group-quota": {
    path: { username: string };
    body: {
      /** `10` or `=10`; `+5`, `-3` */
      group_quota: string;
    };
    reply: { group_quota: number };
  };
  "GET /v1/teams": {
    reply: {
      id: string;
      name: string;
      /** Twelve hex digits that never change, and are no other team's */
      slug: string;
      /** Whether its capsules run on hosts of its own alone */
      is_byoc: boolean;
      /** RFC 3339, in whole seconds */
      created_at: string;
      role: "owner" | "admin" | "member";
    }[];
  };
  "POST /v1/teams": {
    body: {
      /** 1 to 128 letters, digits, spaces or _ - @ ' */
      name: string;
    };
    reply: Operations["GET /v1/teams"]["reply"][number];
  };
  "GET /v1/teams/{id}": {
    path: { id: string };
    reply: {
      team: {
        id: string;
        name: string;
        /** Twelve hex digits that never change, and are no other team's */
        slug: string;
        /** Whether its capsules run on hosts of its own alone */
        is_byoc: boolean;
        /** RFC 3339, in whole seconds */
        created_at: string;
      };
      members: {
        user_id: string;
        name: string;
        email?: string;
        role: "owner" | "admin" | "member";
        /** RFC 3339, in whole seconds */
        joined_at: string;
      }[];
    };
  };
  "PATCH /v1/teams/{id}": {
    path: { id: string };
    body: {
      /** 1 to 128 letters, digits, spaces or _ - @ ' */
      name: string;
    };
    reply: undefined;
  };
  "DELETE /v1/teams/{id}": { path: { id: string }; reply: undefined };
  "POST /v1/teams/{id}/members": {
    path: { id: string };
    body: { email: string };
    reply: Operations["GET /v1/teams/{id}"]["reply"]["members"][number];
  };
  "DELETE /v1/teams/{id}/members/{uid}": { path: { id: string; uid: string }; reply: undefined };
  "POST /v1/teams/{id}/leave": { path: { id: string }; reply: undefined };
  "GET /groups/{group_name}": {
    path: { group_name: string };
    reply: {
      group_name: string;
      creator_username: string;
      /** UTC: RFC 3339, or the form of Mitosis' own programs */
      created_at: string;
      /** UTC: RFC 3339, or the form of Mitosis' own programs */
      updated_at: string;
      state: "Active" | "Locked" | "Deleted";
      task_count: number;
      storage_quota: number;
      storage_used: number;
      worker_count: number;
      users_in_group: Record<string, "Read" | "Write" | "Admin"> | null;
    };
  };
  "PUT /groups/{group_name}/users": {
    path: { group_name: string };
    body: {
      /** What each may do, by the user's name */
      relations: Record<string, "Read" | "read" | "READ" | "Write" | "write" | "WRITE" | "Admin" | "admin" | "ADMIN">;
    };
    reply: undefined;
  };
  "POST /admin/groups/{group_name}/storage-quota": {
    path: { group_name: string };
    body: {
      /** `2GB` or `=2GB`; `+1.5 GiB`, `-100MB` */
      storage_quota: string;
    };
    reply: {
      /** In bytes */
      storage_quota: number;
    };
  };
  "GET /v1/api-keys": {
    reply: {
      id: string;
      team_id: string;
      name: string;
      /** By which people tell keys apart */
      key_prefix: string;
      created_by: string;
      /** RFC 3339, in whole seconds */
      created_at: string;
      creator_email?: string;
      /** RFC 3339, in whole seconds */
      last_used?: string;
      /** The key itself, when it is made and never again */
      key?: string;
    }[];
  };
  "POST /v1/api-keys": { body: { name?: string }; reply: Operations["GET /v1/api-keys"]["reply"][number] };
  "DELETE /v1/api-keys/{id}": { path: { id: string }; reply: undefined };
  "GET /v1/channels": {
    reply: {
      id: string;
      team_id: string;
      name: string;
      /** What kind of receiver it is */
      provider: "discord" | "slack" | "teams" | "googlechat" | "telegram" | "matrix" | "webhook";
      events: string[];
      /** RFC 3339, in whole seconds */
      created_at: string;
      /** RFC 3339, in whole seconds */
      updated_at: string;
      /** When something was last received there */
      last_delivered_at?: string;
      /** Why the last try that failed did */
      last_error?: string;
      /** RFC 3339, in whole seconds */
      last_error_at?: string;
      /** By which a webhook's receiver knows the sender: when it is made, and never again */
      secret?: string;
    }[];
  };
  "POST /v1/channels": {
    body: {
      name: string;
      /** What kind of receiver it is */
      provider: "discord" | "slack" | "teams" | "googlechat" | "telegram" | "matrix" | "webhook";
      /** What the provider needs. discord, slack, teams, googlechat: webhook_url. telegram: bot_token, chat_id. matrix: homeserver_url,
access_token, room_id. webhook: url, and secret, which is made up if there is none. Other fields are left out. */
      config: Record<string, string>;
      /** What it is told of: one or more */
      events: (
        | "capsule.created"
        | "capsule.running"
        | "capsule.paused"
        | "capsule.destroyed"
        | "template.snapshot.created"
        | "template.snapshot.deleted"
        | "host.up"
        | "host.down"
      )[];
    };
    reply: Operations["GET /v1/channels"]["reply"][number];
  };
  "PATCH /v1/channels/{id}": {
    path: { id: string };
    body: {
      name: string;
      /** What it is told of: one or more */
      events: Operations["POST /v1/channels"]["body"]["events"];
    };
    reply: Operations["GET /v1/channels"]["reply"][number];
  };
  "DELETE /v1/channels/{id}": { path: { id: string }; reply: undefined };
  "POST /v1/channels/test": {
    body: {
      /** What kind of receiver it is */
      provider: "discord" | "slack" | "teams" | "googlechat" | "telegram" | "matrix" | "webhook";
      /** What the provider needs. discord, slack, teams, googlechat: webhook_url. telegram: bot_token, chat_id. matrix: homeserver_url,
access_token, room_id. webhook: url, and secret, which is made up if there is none. Other fields are left out. */
      config: Record<string, string>;
    };
    reply: { status: "ok" };
  };
  "GET /api/v1/alerts/rules": {
    reply: {
      id: number;
      name: string;
      /** `container_down` is 1 while a container does not run that has run before, else 0 */
      metric: "cpu_percent" | "mem_percent" | "container_down";
      /** Percent of one core, or of the memory limit; not 0 */
      threshold: number;
      container_filter: string;
      operator: "gt" | "lt";
      duration_seconds: number;
      cooldown_seconds: number;
      channel_ids: number[];
      severity: "info" | "warning" | "critical";
      enabled: boolean;
      /** It came with the server */
      builtin: boolean;
      muted_until?: string;
      /** Absent: it fires for no container */
      firing_since?: string;
      last_triggered_at?: string;
      last_resolved_at?: string;
    }[];
  };
  "POST /api/v1/alerts/rules": {
    body: {
      name: string;
      /** `container_down` is 1 while a container does not run that has run before, else 0 */
      metric: "cpu_percent" | "mem_percent" | "container_down";
      /** Percent of one core, or of the memory limit; not 0 */
      threshold: number;
      operator: "gt" | "lt" | ">" | "<";
      /** Needed: a name, in which `*` stands for any text */
      container_filter?: string;
      /** How long it must have been so; 0 if absent */
      duration_seconds?: number;
      /** Between two times that it fires; 300 if absent */
      cooldown_seconds?: number;
      channel_ids?: number[] | null;
      /** `warning` if absent */
      severity?: "info" | "warning" | "critical";
      /** Yes, if absent */
      enabled?: boolean;
      muted_until?: string | null;
    };
    reply: Operations["GET /api/v1/alerts/rules"]["reply"][number];
  };
  "PUT /api/v1/alerts/rules/{id}": {
    path: { id: number };
    body: Operations["POST /api/v1/alerts/rules"]["body"];
    reply: Operations["GET /api/v1/alerts/rules"]["reply"][number];
  };
  "DELETE /api/v1/alerts/rules/{id}": { path: { id: number }; reply: undefined };
  "GET /api/v1/alerts/history": {
    query?: { limit?: number };
    reply: {
      id: number;
      rule_id: number;
      rule_name: string;
      container_name: string;
      status: "fired" | "resolved";
      message: string;
      value: number;
      threshold: number;
      occurred_at: string;
    }[];
  };
  "GET /api/v1/notifications/channels": {
    reply: {
      id: number;
      name: string;
      type: "webhook" | "ntfy" | "discord" | "slack" | "teams" | "gotify" | "email" | "pagerduty" | "pushover";
      /** What is no secret; of a secret that is kept, `has_…` in place of it */
      config: Record<string, unknown>;
      /** While it is not, it is told nothing */
      enabled: boolean;
      /** When something was last received there */
      last_delivered_at?: string;
      /** Why the last try that failed did */
      last_error?: string;
      last_error_at?: string;
      created_at: string;
      updated_at: string;
    }[];
  };
  "POST /api/v1/notifications/channels": {
    body: {
      name: string;
      /** webhook, ntfy, discord, slack, teams, gotify, email, pagerduty, pushover */
      type: string;
      /** What it takes to reach it. webhook: url, secret. ntfy: server_url, topic, token. discord, slack, teams: webhook_url. gotify: server_url, token.
email: host, port, security (starttls, tls, none), username, password, from, to. pagerduty: routing_key, url. pushover: token, user, url. Of a channel that there is, a secret that is left out or empty stays; null forgets it. */
      config: Record<string, unknown>;
      /** If absent: as it is; yes for a new one */
      enabled?: boolean;
    };
    reply: Operations["GET /api/v1/notifications/channels"]["reply"][number];
  };
  "PUT /api/v1/notifications/channels/{id}": {
    path: { id: number };
    body: Operations["POST /api/v1/notifications/channels"]["body"];
    reply: Operations["GET /api/v1/notifications/channels"]["reply"][number];
  };
  "DELETE /api/v1/notifications/channels/{id}": { path: { id: number }; reply: undefined };
  "POST /api/v1/notifications/channels/{id}/test": { path: { id: number }; reply: undefined };
  "GET /api/v1/settings": { reply: { key: string; value: string }[] };
  "PUT /api/v1/settings": {
    body: { key: string; value: string }[] | Record<string, string>;
    reply: { key: string; value: string }[];
  };
  "GET /api/v1/auth/policy": {
    reply: {
      min_length?: number;
      require_upper?: boolean;
      require_lower?: boolean;
      require_digit?: boolean;
      require_symbol?: boolean;
      /** After which time to change a password; 0: never */
      rotation_days?: number;
      /** Wrong passwords until the lock; 0: there is none */
      lockout_max_attempts?: number;
      /** 0: there is none */
      lockout_duration_minutes?: number;
    };
  };
  "PUT /api/v1/auth/policy": {
    body: Operations["GET /api/v1/auth/policy"]["reply"];
    reply: Operations["GET /api/v1/auth/policy"]["reply"];
  };
  "GET /api/v1/oidc/providers": {
    reply: {
      id: number;
      /** As in the paths that browsers go */
      slug: string;
      display_name: string;
      issuer_url: string;
      client_id: string;
      scopes?: string;
      group_claim?: string;
      admin_group?: string;
      operator_group?: string;
      default_role: string;
      /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
      default_scope_tags?: string[];
      enabled: boolean;
      created_at?: string;
      updated_at?: string;
    }[];
  };
  "POST /api/v1/oidc/providers": {
    body: {
      slug: string;
      display_name: string;
      issuer_url: string;
      client_id: string;
      /** Never shown. Left out or empty: the one that is kept stays */
      client_secret?: string;
      /** With spaces or commas between them; empty: openid, profile and email */
      scopes?: string;
      /** What lists a user's groups, mostly `groups` */
      group_claim?: string;
      /** An administrator is whoever is in it, by the claim */
      admin_group?: string;
      /** An operator is whoever is in it, by the claim */
      operator_group?: string;
      /** Of everybody else whom the provider knows */
      default_role: string;
      /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
      default_scope_tags?: string[];
      /** True in a new one, if left out */
      enabled?: boolean;
    };
    reply: Operations["GET /api/v1/oidc/providers"]["reply"][number];
  };
  "PUT /api/v1/oidc/providers/{id}": {
    path: { id: number };
    body: Operations["POST /api/v1/oidc/providers"]["body"];
    reply: Operations["GET /api/v1/oidc/providers"]["reply"][number];
  };
  "DELETE /api/v1/oidc/providers/{id}": { path: { id: number }; reply: undefined };
  "POST /api/v1/oidc/providers/test-discovery": {
    body: { issuer_url: string };
    reply: {
      ok: boolean;
      /** Why it cannot be used */
      error?: string;
      issuer?: string;
      authorization_endpoint?: string;
      token_endpoint?: string;
      userinfo_endpoint?: string;
    };
  };
  "GET /api/v1/settings/registries": {
    reply: {
      id: number;
      name: string;
      /** Without scheme, as in images' names */
      url: string;
      username?: string;
      /** The password itself is never shown */
      has_password: boolean;
      /** Hosts that have one of these tags may use the credentials; without any, all may */
      scope_tags?: string[];
      last_tested_at?: string;
      last_test_ok?: boolean;
      last_test_error?: string;
      created_at: string;
      updated_at: string;
    }[];
  };
  "POST /api/v1/settings/registries": {
    body: {
      name: string;
      url: string;
      username?: string;
      /** Left out or empty: the one that is kept stays */
      password?: string;
      /** Forgets the password, whatever else is given */
      clear_password?: boolean;
      /** Hosts that have one of these tags may use the credentials; without any, all may */
      scope_tags?: string[];
    };
    reply: Operations["GET /api/v1/settings/registries"]["reply"][number];
  };
  "PUT /api/v1/settings/registries/{id}": {
    path: { id: number };
    body: Operations["POST /api/v1/settings/registries"]["body"];
    reply: Operations["GET /api/v1/settings/registries"]["reply"][number];
  };
  "DELETE /api/v1/settings/registries/{id}": { path: { id: number }; reply: undefined };
  "POST /api/v1/settings/registries/{id}/test": {
    path: { id: number };
    reply: {
      ok: boolean;
      status: string;
      /** Whether it has taken the name and password; it may want none */
      identity: boolean;
    };
  };
  "GET /api/v1/global-env": {
    reply: {
      id: number;
      key: string;
      value: string;
      /** By what people sort them; may be empty */
      group_name: string;
      /** Whether it rests sealed: all do */
      encrypted: boolean;
      created_at: string;
      updated_at: string;
    }[];
  };
  "POST /api/v1/global-env": {
    body: { key: string; value: string; group_name?: string };
    reply: Operations["GET /api/v1/global-env"]["reply"][number];
  };
  "PUT /api/v1/global-env/{id}": {
    path: { id: number };
    body: { key: string; value: string; group_name?: string };
    reply: Operations["GET /api/v1/global-env"]["reply"][number];
  };
  "DELETE /api/v1/global-env/{id}": { path: { id: number }; reply: undefined };
  "GET /api/v1/me": {
    reply:
      | Exclude<Operations["POST /api/v1/auth/login"]["reply"]["user"], undefined>
      | {
          /** `api_token` */
          kind: string;
          /** The same for all tokens */
          username: string;
          /** Who made the token */
          owner: string;
          role: string;
          api_token_id: number;
          /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
          scope_tags?: string[];
          mfa_enabled: boolean;
        };
  };
  "GET /api/v1/sessions": {
    query?: { include_revoked?: string };
    reply: {
      family_id: string;
      user_agent?: string;
      ip?: string;
      created_at: string;
      expires_at: string;
      revoked_at?: string;
      /** The one that asks */
      is_current: boolean;
    }[];
  };
  "DELETE /api/v1/sessions/{family_id}": { path: { family_id: string }; reply: undefined };
  "POST /api/v1/mfa/enroll/start": {
    reply: {
      /** In base 32, for whoever types it */
      secret: string;
      /** The same with all that an authenticator app wants to know */
      url: string;
      /** As `url` */
      otpauth_url: string;
      /** The same as a picture to scan, a PNG */
      qr_data_url: string;
    };
  };
  "POST /api/v1/mfa/enroll/verify": {
    body: {
      /** Six digits of the authenticator app */
      code: string;
    };
    reply: {
      /** Each logs in once in place of a code of the app; they can be read this once */
      recovery_codes: string[];
    };
  };
  "DELETE /api/v1/mfa": { reply: undefined };
  "GET /api/v1/settings/api-tokens": {
    reply: {
      id: number;
      /** How the token begins, to tell tokens apart */
      prefix: string;
      name: string;
      role: string;
      /** The owner's id, a string */
      created_by?: string | number | null;
      created_at: string;
      expires_at?: string;
      last_used_at?: string;
      last_used_ip?: string;
      revoked_at?: string;
      /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
      scope_tags?: string[];
    }[];
  };
  "POST /api/v1/settings/api-tokens": {
    body: {
      name: string;
      /** One's own if absent */
      role?: string;
      /** 0: never */
      expires_in_days?: number | null;
    };
    reply: {
      id: number;
      /** How the token begins, to tell tokens apart */
      prefix: string;
      name: string;
      role: string;
      /** The owner's id, a string */
      created_by?: string | number | null;
      created_at: string;
      /** null: never */
      expires_at: string | null;
      last_used_at?: string;
      last_used_ip?: string;
      revoked_at?: string;
      /** Tags of hosts: only hosts that have one of them are in reach; without any, all are */
      scope_tags?: string[];
      /** The token itself, this once */
      token: string;
    };
  };
  "DELETE /api/v1/settings/api-tokens/{id}": { path: { id: number }; reply: undefined };
}
