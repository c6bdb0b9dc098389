// An app that answers messages through the published App Mesh SDK, at the address in its first argument.
import { AppMeshServer } from "appmesh/server";

const server = new AppMeshServer(process.argv[2]);
for (;;) {
  const message = await server.task_fetch();
  await server.task_return(`the SDK read ${message}`);
}
