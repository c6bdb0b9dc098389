/** What hosts/ reports to whoever runs the yard. A pino logger is one. */
export interface HostLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}
