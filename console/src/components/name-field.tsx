/** The name of what a form makes: where filling it in begins. */
import { Field } from "./field.tsx";

interface NameFieldProps {
  readonly hint?: string;
  readonly isMono?: boolean;
  readonly value: string;
  onChange(name: string): void;
}

export function NameField({ onChange, ...field }: NameFieldProps) {
  return (
    <Field
      label="Name"
      required
      autoFocus
      autoComplete="off"
      autoCapitalize="none"
      {...field}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
