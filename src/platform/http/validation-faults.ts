/** Says what is wrong with a request, and where, in the caller's own words: of all that a validator found, the first fault that
 *  leads to the cause. */
import type { TLocalizedValidationError } from "typebox/error";
import { YardError } from "../errors.ts";

export type RequestPart = "body" | "querystring" | "headers" | "params";

const partNames = { body: "", querystring: "query parameter ", headers: "header ", params: "path parameter " } as const;
/** A fault inside one branch of a union, told apart from a fault of the union as a whole. */
const inBranch = /\/(?:anyOf|oneOf)\/\d+/;

export function describeFault(part: RequestPart, faults: readonly TLocalizedValidationError[]): YardError {
  const { field, reason } = causeOf(faults);
  if (field === "") return new YardError("invalid", `The ${part === "body" ? "body" : "request"} ${reason}.`);
  return new YardError("invalid", `${partNames[part]}${reason}`, { field });
}

interface Cause {
  readonly field: string;
  readonly reason: string;
}

function causeOf(faults: readonly TLocalizedValidationError[]): Cause {
  const whole = faults.find((fault) => !inBranch.test(fault.schemaPath));
  if (whole === undefined)
    return { field: fieldOf(faults[0]?.instancePath ?? ""), reason: "does not have the right shape" };
  if (whole.keyword !== "anyOf" && whole.keyword !== "oneOf") return describe(whole);
  return describeUnion(whole, faults);
}

/** The branch that the caller meant: the one whose fault lies deepest. If all fail at their very root, what they accept together. */
function describeUnion(union: TLocalizedValidationError, faults: readonly TLocalizedValidationError[]): Cause {
  const ofBranches = faults.filter(
    (fault) =>
      fault.schemaPath.startsWith(`${union.schemaPath}/`) && fault.keyword !== union.keyword && !isWantOfNull(fault),
  );
  const deepest = ofBranches.reduce<TLocalizedValidationError | undefined>(
    (best, fault) => (best === undefined || fault.instancePath.length > best.instancePath.length ? fault : best),
    undefined,
  );
  if (deepest === undefined) return { field: fieldOf(union.instancePath), reason: "does not have the right shape" };
  if (ofBranches.length === 1 || deepest.instancePath.length > union.instancePath.length) return describe(deepest);
  const accepted = new Set(ofBranches.map((fault) => describe(fault).reason.replace(/^must be /, "")));
  return { field: fieldOf(union.instancePath), reason: `must be ${[...accepted].join(" or ")}` };
}

/** `null` beside another schema means "may be left out": a caller who gave something wrong was not after that. */
function isWantOfNull(fault: TLocalizedValidationError): boolean {
  return fault.keyword === "type" && fault.params.type === "null";
}

function describe(fault: TLocalizedValidationError): Cause {
  const field = fieldOf(fault.instancePath);
  switch (fault.keyword) {
    case "required":
      return { field: join(field, fault.params.requiredProperties[0] ?? ""), reason: "is required" };
    case "additionalProperties":
      return { field: join(field, fault.params.additionalProperties[0] ?? ""), reason: "is not known here" };
    case "boolean":
      return { field, reason: "is not known here" };
    case "type":
      return { field, reason: `must be ${[fault.params.type].flat().map(withArticle).join(" or ")}` };
    case "const":
      return { field, reason: `must be ${JSON.stringify(fault.params.allowedValue)}` };
    case "enum":
      return {
        field,
        reason: `must be ${fault.params.allowedValues.map((value) => JSON.stringify(value)).join(" or ")}`,
      };
    case "minLength":
      return {
        field,
        reason: fault.params.limit === 1 ? "must not be empty" : `must have ${fault.params.limit} characters or more`,
      };
    case "maxLength":
      return { field, reason: `must have ${fault.params.limit} characters or fewer` };
    case "format":
      return { field, reason: `must be a valid ${fault.params.format}` };
    default:
      return { field, reason: fault.message };
  }
}

function withArticle(type: string): string {
  if (type === "null") return type;
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** `/behavior/exit` → `behavior.exit`. */
function fieldOf(pointer: string): string {
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}
