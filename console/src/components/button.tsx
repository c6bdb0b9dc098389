/** A button, and a link that looks like one. */
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";
import styles from "./button.module.css";
import { classNames } from "./class-names.ts";

export type ButtonKind = "plain" | "primary" | "danger" | "quiet";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: ButtonKind;
  /** What it does is under way: it can be seen, and not be pressed again. */
  readonly busy?: boolean;
}

export function Button({ kind = "plain", busy = false, className, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classNames(styles.button, styles[kind], className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    />
  );
}

export function LinkButton({
  href,
  kind = "plain",
  children,
}: {
  href: string;
  kind?: ButtonKind;
  children: ReactNode;
}) {
  return (
    <Link href={href} className={classNames(styles.button, styles[kind])}>
      {children}
    </Link>
  );
}
