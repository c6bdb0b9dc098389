/** What an engine says of its things: passed on as it is, with the engine's own keys. The schemas name what clients read; there may be more, and nothing is
 *  left out. */
import { type TSchema, Type } from "typebox";
import type { RowsOfHosts } from "./asked-hosts.ts";
import { fanOutReply, hostColumns } from "./fan-out.ts";

/** For routes that pass things on: their replies are written as they are, not by their schema. A row that stays the same object is written once, and so is
 *  a whole list: of 50 containers, writing it takes longer than all the rest of the request. */
export const asItIs = {
  serializerCompiler() {
    const row = onceFor((one: object) => JSON.stringify(one));
    // Fastify sends bytes as they are; its types know of strings alone.
    const list = onceFor((rows: readonly object[]) => Buffer.from(`[${rows.map(row).join(",")}]`) as never);
    return (reply: unknown): string => (Array.isArray(reply) ? list(reply) : JSON.stringify(reply));
  },
};

/** Remembers what it made of an object for as long as that is there. */
function onceFor<From extends object, To>(make: (from: From) => To): (from: From) => To {
  const made = new WeakMap<From, To>();
  return (from) => {
    const known = made.get(from) ?? make(from);
    made.set(from, known);
    return known;
  };
}

const nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);
const Labels = Type.Record(Type.String(), Type.String());
const anything = { additionalProperties: true };
const ofFanOut = Object.fromEntries(Object.entries(hostColumns).map(([name, type]) => [name, Type.Optional(type)]));

export const Container = Type.Object(
  {
    Id: Type.String(),
    Names: Type.Array(Type.String(), { description: "Each with a slash before it" }),
    Image: Type.String(),
    ImageID: Type.Optional(Type.String()),
    Command: Type.Optional(Type.String()),
    Created: Type.Optional(Type.Integer({ description: "Seconds since 1970" })),
    State: Type.Enum(["created", "restarting", "running", "removing", "paused", "exited", "dead"]),
    Status: Type.String({ description: "For people: `Up 5 minutes (healthy)`" }),
    Labels,
    Ports: Type.Optional(
      Type.Array(
        Type.Object(
          {
            IP: Type.Optional(Type.String()),
            PrivatePort: Type.Integer(),
            PublicPort: Type.Optional(Type.Integer()),
            Type: Type.String(),
          },
          anything,
        ),
      ),
    ),
    Mounts: Type.Optional(Type.Array(Type.Object({}, anything))),
    HostConfig: Type.Optional(Type.Object({}, anything)),
    NetworkSettings: Type.Optional(nullable(Type.Object({}, anything))),
    SizeRw: Type.Optional(Type.Integer()),
    SizeRootFs: Type.Optional(Type.Integer()),
    ...ofFanOut,
  },
  anything,
);

export const ImageSummary = Type.Object(
  {
    Id: Type.String(),
    ParentId: Type.Optional(Type.String()),
    RepoTags: nullable(Type.Array(Type.String())),
    RepoDigests: Type.Optional(nullable(Type.Array(Type.String()))),
    Created: Type.Integer({ description: "Seconds since 1970" }),
    Size: Type.Integer(),
    SharedSize: Type.Optional(Type.Integer()),
    Containers: Type.Optional(Type.Integer()),
    Labels: Type.Optional(nullable(Labels)),
    ...ofFanOut,
  },
  anything,
);

export const Volume = Type.Object(
  {
    Name: Type.String(),
    Driver: Type.String(),
    Mountpoint: Type.String(),
    Scope: Type.String(),
    CreatedAt: Type.Optional(Type.String()),
    Labels: Type.Optional(nullable(Labels)),
    Options: Type.Optional(nullable(Labels)),
    Status: Type.Optional(Type.Object({}, anything)),
    UsageData: Type.Optional(nullable(Type.Object({}, anything))),
    ...ofFanOut,
  },
  anything,
);

export const Network = Type.Object(
  {
    Id: Type.String(),
    Name: Type.String(),
    Driver: Type.String(),
    Scope: Type.String(),
    Created: Type.Optional(Type.String()),
    Attachable: Type.Optional(Type.Boolean()),
    EnableIPv6: Type.Optional(Type.Boolean()),
    Ingress: Type.Optional(Type.Boolean()),
    Internal: Type.Optional(Type.Boolean()),
    IPAM: Type.Optional(Type.Object({}, anything)),
    Labels: Type.Optional(nullable(Labels)),
    Options: Type.Optional(nullable(Labels)),
    Containers: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({
          Name: Type.Optional(Type.String()),
          EndpointID: Type.Optional(Type.String()),
          MacAddress: Type.Optional(Type.String()),
          IPv4Address: Type.Optional(Type.String({ description: "With the length of its prefix" })),
          IPv6Address: Type.Optional(Type.String()),
        }),
      ),
    ),
    ...ofFanOut,
  },
  anything,
);

/** A reply that is whatever the engine said. */
export function passedOn<Value>(schema: TSchema) {
  return Type.Unsafe<Value>(schema);
}

/** The rows of one host, or of all of them with which host each is of. */
export function rowsReply(row: TSchema) {
  return passedOn<RowsOfHosts>(Type.Union([Type.Array(row), fanOutReply(row)]));
}

/** A volume or network to be made. */
export const NewThing = Type.Object({
  name: Type.String(),
  driver: Type.Optional(Type.String()),
  labels: Type.Optional(Labels),
});
