/** What it takes to reach a receiver of messages, by kind. Secrets are written, and never read. */
import { Field } from "../../components/field.tsx";
import { Select } from "../../components/select.tsx";

export interface ConfigField {
  readonly name: string;
  readonly title: string;
  readonly isSecret?: boolean;
  readonly isOptional?: boolean;
  readonly placeholder?: string;
}

export type ChannelKinds = Readonly<Record<string, readonly ConfigField[]>>;
export type ChannelConfig = Readonly<Record<string, string>>;

/** Of chats that take messages at an address which is a secret. */
export const chatFields = [{ name: "webhook_url", title: "Address of the webhook", isSecret: true }] as const;

/** What both the alerts of the fleet and teams can be told by. */
export const commonKinds = {
  webhook: [
    { name: "url", title: "Address", placeholder: "https://…" },
    { name: "secret", title: "Secret", isSecret: true, isOptional: true },
  ],
  ...{ slack: chatFields, discord: chatFields, teams: chatFields },
} as const satisfies ChannelKinds;

interface ChannelFieldsProps {
  readonly kinds: ChannelKinds;
  readonly kind: string;
  readonly config: ChannelConfig;
  /** A channel that there is: its kind stays, and so do secrets that are left empty. */
  readonly isKept?: boolean;
  onKind(kind: string): void;
  onConfig(config: ChannelConfig): void;
}

export function ChannelFields({ kinds, kind, config, isKept = false, onKind, onConfig }: ChannelFieldsProps) {
  return (
    <>
      <Select
        label="Kind"
        disabled={isKept}
        value={kind}
        onChange={(event) => onKind(event.target.value)}
        options={Object.keys(kinds).map((value) => ({ value, title: value }))}
      />
      {kinds[kind]?.map(({ name, title, isSecret = false, isOptional = false, placeholder }) => (
        <Field
          key={name}
          label={isOptional ? `${title} (if there is one)` : title}
          hint={isSecret && isKept ? "Left empty, it stays." : undefined}
          type={isSecret ? "password" : "text"}
          autoComplete="off"
          required={!isOptional && !(isSecret && isKept)}
          placeholder={placeholder}
          value={config[name] ?? ""}
          onChange={(event) => onConfig({ ...config, [name]: event.target.value })}
        />
      ))}
    </>
  );
}

/** Without what was left empty. */
export function filledConfig(kinds: ChannelKinds, kind: string, config: ChannelConfig): Record<string, string> {
  const names = new Set(kinds[kind]?.map(({ name }) => name));
  return Object.fromEntries(Object.entries(config).filter(([name, value]) => names.has(name) && value !== ""));
}
