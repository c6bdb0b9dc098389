/** What the machine can do, as administrators are shown it: looked at again once a minute at most, as long as anybody asks. */
import type { DoctorReport, DoctorRounds } from "../apis/yard/console-parts.ts";
import type { Config } from "../config.ts";
import { checksOf, examine } from "../doctor/doctor.ts";
import { patientOf } from "../doctor/patient.ts";
import type { Host } from "../hosts/host.ts";
import type { Clock } from "../platform/clock.ts";

interface DoctorSources {
  readonly config: Config;
  readonly localHost: Pick<Host, "info">;
  readonly clock: Clock;
}

const goodForMs = 60_000;

export function createDoctorRounds({ config, localHost, clock }: DoctorSources): DoctorRounds {
  const checks = checksOf({
    ...patientOf(config, process.env),
    drivers: async () => (await localHost.info()).drivers, // which has tried them
  });
  let known: DoctorReport | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<DoctorReport> | undefined;

  async function look(): Promise<DoctorReport> {
    const findings = await examine(checks);
    lookedAt = clock.monotonic();
    known = { at: clock.now(), findings };
    return known;
  }

  function lookOnce(): Promise<DoctorReport> {
    underWay ??= look().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  const isOld = () => clock.monotonic() - lookedAt > goodForMs;
  return {
    async report({ fresh = false } = {}) {
      return known === undefined || fresh || isOld() ? lookOnce() : known;
    },
    get known() {
      if (isOld()) void lookOnce();
      return known;
    },
  };
}
