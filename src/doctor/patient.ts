/** What there is to look at, out of a yard's settings. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { dockerSockets } from "../platform/docker/engine.ts";
import { selfSignedPaths } from "../platform/http/tls-self-signed.ts";
import type { Patient } from "./doctor.ts";

export function patientOf(config: Config, environment: NodeJS.ProcessEnv): Patient {
  const { data, databaseUrl, dockerSocket, tls } = config;
  const listen = [
    ...config.listen,
    ...config.listenAppmesh,
    ...config.listenMitosis,
    ...config.listenWrenn,
    ...config.listenDockmesh,
  ];
  return {
    ...{ dataDirectory: data, listen },
    certificate: tls.kind === "files" ? tls.cert : selfSignedPaths(join(data, "tls")).cert,
    database:
      databaseUrl === undefined
        ? { dialect: "sqlite", path: join(data, "runyard.db") }
        : { dialect: "postgres", url: databaseUrl },
    dockerSockets: dockerSocket === undefined ? dockerSockets(environment) : [dockerSocket],
  };
}
