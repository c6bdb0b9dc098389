/** Where one types what a list is to be searched for. */
import { type ReactNode, useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import styles from "./search-box.module.css";

interface SearchBoxProps {
  readonly label: string;
  readonly value: string;
  onChange(value: string): void;
  /** Filters, beside it. */
  readonly children?: ReactNode;
}

export function SearchBox({ label, value, onChange, children }: SearchBoxProps) {
  return (
    <div className={styles.bar}>
      <input
        type="search"
        className={styles.input}
        aria-label={label}
        placeholder={`${label}…`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {children}
    </div>
  );
}

/** What a list is searched for: what the address asks for (`?search=`), until something is typed. */
export function useAskedWords() {
  const [params] = useSearchParams();
  const asked = params.get("search") ?? "";
  const [words, setWords] = useState(asked);
  useEffect(() => setWords(asked), [asked]);
  return [words, setWords] as const;
}
