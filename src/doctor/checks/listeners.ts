/** Who can reach the yard, and whether what is said on the way can be overheard. */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { formatUrl, type ListenSpec } from "../../platform/http/listen-spec.ts";
import { isLoopbackName } from "../../platform/http/local-request.ts";
import type { Finding } from "../finding.ts";

export interface Listening {
  readonly listen: readonly ListenSpec[];
  /** A file, PEM; absent, or not there: the yard makes one when it starts. */
  readonly certificate?: string;
}

const dayMs = 86_400_000;
const soonDays = 14;

export function checkListeners({ listen, certificate }: Listening, now: number = Date.now()): readonly Finding[] {
  const findings = listen.map(checkOne);
  if (certificate !== undefined && existsSync(certificate)) findings.push(checkCertificate(certificate, now));
  return findings;
}

function checkOne(spec: ListenSpec): Finding {
  const name = `listener ${formatUrl(spec)}`;
  if (isLoopbackName(spec.host)) return { name, state: "ok", what: "Programs of this machine alone reach it." };
  if (spec.secure) return { name, state: "ok", what: "Other machines reach it, with TLS." };
  const what = "Other machines reach it without TLS: passwords and tokens can be read on the way.";
  const fix = "Listen on https:// (RUNYARD_LISTEN), or put a proxy with TLS in front and listen on 127.0.0.1.";
  return { name, state: "warning", what, fix };
}

/** @returns undefined, for what is none or may not be read */
function readEnd(path: string): string | undefined {
  try {
    return new X509Certificate(readFileSync(path)).validTo;
  } catch {
    return undefined;
  }
}

function checkCertificate(path: string, now: number): Finding {
  const name = "certificate";
  const validTo = readEnd(path);
  if (validTo === undefined) {
    const fix = "Give one in PEM that this user may read (RUNYARD_TLS_CERT).";
    return { name, state: "warning", what: `${path} cannot be read as a certificate.`, fix };
  }
  const days = Math.floor((Date.parse(validTo) - now) / dayMs);
  const what = days < 0 ? `${path} has expired.` : `${path} is good for ${days} more days.`;
  return days >= soonDays ? { name, state: "ok", what } : { name, state: "warning", what, fix: "Renew it." };
}
