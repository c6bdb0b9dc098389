/** Templates of stacks in Dockmesh's words. */
import { type Static, Type } from "typebox";
import { stringify } from "yaml";
import {
  type Parameter,
  parameterTypes,
  type Template,
  type TemplateInput,
} from "../../containers/templates/template.ts";
import { parametersOf } from "../../containers/templates/values.ts";
import { Timestamp, timeToWire } from "./account-words.ts";

const Parameters = Type.Object({
  name: Type.String(),
  description: Type.Optional(Type.String()),
  type: Type.Optional(Type.Enum([...parameterTypes])),
  default: Type.Optional(Type.String()),
  secret: Type.Optional(Type.Boolean({ description: "Made up where nobody gives one" })),
  enum: Type.Optional(Type.Array(Type.String())),
  pattern: Type.Optional(Type.String({ description: "A regular expression that the whole value matches" })),
  required: Type.Optional(Type.Boolean()),
});

const optional = {
  description: Type.Optional(Type.String()),
  icon_url: Type.Optional(Type.String()),
  env: Type.Optional(Type.String({ description: "Variables of the stack, with places as in `compose`" })),
  author: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
};
const needed = {
  slug: Type.String({ description: "Unique" }),
  name: Type.String(),
  compose: Type.String({
    description: "With places: `{{ NAME | default:x | secret | enum:a,b | pattern:re | required }}`",
  }),
};

export const WireTemplateInput = Type.Object({
  ...{ ...needed, ...optional },
  parameters: Type.Optional(Type.Array(Parameters, { description: "These count before what the text says of them" })),
});

export const WireTemplate = Type.Object({
  id: Type.Integer(),
  ...{ ...needed, ...optional },
  parameters: Type.Array(Parameters, { description: "Those of the text, too" }),
  builtin: Type.Boolean({ description: "It came with the server, and cannot be changed" }),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export function templateFromWire(wire: Static<typeof WireTemplateInput>): TemplateInput {
  const { slug, name, compose, description = "", icon_url: iconUrl = "", env = "", author = "", version = "" } = wire;
  return { slug, name, compose, description, iconUrl, env, author, version, parameters: wire.parameters ?? [] };
}

export function templateToWire(template: Template): Static<typeof WireTemplate> {
  const { id, isBuiltIn: builtin, createdAt, updatedAt } = template;
  return {
    ...{ id, ...textsOf(template), parameters: parametersOf(template).map(parameterToWire), builtin },
    ...{ created_at: timeToWire(createdAt), updated_at: timeToWire(updatedAt) },
  };
}

/** As a file: what somebody else's server takes as a new one. */
export function templateFile(template: Template): string {
  const parameters = template.parameters.map(parameterToWire);
  return stringify({ ...textsOf(template), ...(parameters.length > 0 && { parameters }) }, { lineWidth: 0 });
}

function textsOf({ slug, name, compose, description, iconUrl: icon_url, env, author, version }: TemplateInput) {
  const texts = Object.entries({ description, icon_url, env, author, version }).filter(([, text]) => text !== "");
  return { slug, name, compose, ...(Object.fromEntries(texts) as { [Field in keyof typeof optional]?: string }) };
}

function parameterToWire({ enum: values, ...parameter }: Parameter): Static<typeof Parameters> {
  return { ...parameter, ...(values && { enum: [...values] }) };
}
