/** How replies are written: by code that is made of their schema when a route first replies with it. Making it for all routes at the start would take half of the start's
 *  time, and most are never used. */
import { SerializerSelector } from "@fastify/fast-json-stringify-compiler";
import type { FastifySerializerCompiler } from "fastify";
import { madeAtFirstCall } from "../first-call.ts";

const compile = SerializerSelector()();
type Route = Parameters<typeof compile>[0];

/** @see https://fastify.dev/docs/latest/Reference/Server/#setserializercompiler */
export const compileSerializer: FastifySerializerCompiler<unknown> = (route) =>
  madeAtFirstCall(() => compile(route as Route));
