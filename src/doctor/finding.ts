/** What a check has found: what this machine can do, or cannot, and what to do about it. */

/** `warning`: it works, and somebody should look at it. `missing`: something cannot be had here; whether that matters is for whoever runs the yard. */
export const findingStates = ["ok", "warning", "missing"] as const;

export interface Finding {
  readonly name: string;
  readonly state: (typeof findingStates)[number];
  /** A sentence or two. */
  readonly what: string;
  /** What to do, where there is something. */
  readonly fix?: string;
}

/** One thing that is looked at. What it throws is a finding, too. */
export interface Check {
  readonly name: string;
  look(): Promise<Finding | readonly Finding[]>;
}
