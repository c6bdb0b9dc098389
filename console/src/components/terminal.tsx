/** A terminal on something that runs elsewhere. What that prints can draw, and nothing else: it sets no title, opens no link, reaches no clipboard.
 *  Ctrl-F6 leaves it by keyboard. */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef } from "react";
import styles from "./terminal.module.css";

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** The far side. */
export interface TerminalLink {
  send(data: string): void;
  resize(size: TerminalSize): void;
  close(): void;
}

export interface TerminalEvents {
  /** @param done is called when it is on the screen, and what it asks of a terminal answered */
  print(data: string | Uint8Array, done?: () => void): void;
}

interface TerminalProps {
  readonly label: string;
  /** Called once, with the size to begin with. Another function connects anew. */
  readonly connect: (size: TerminalSize, events: TerminalEvents) => TerminalLink;
}

export default function Terminal({ label, connect }: TerminalProps) {
  const box = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const terminal = new Xterm({
      fontFamily: style.getPropertyValue("--mono"),
      fontSize: 13,
      scrollback: 10_000,
      cursorBlink: true,
      screenReaderMode: true,
      linkHandler: { activate: () => undefined },
      theme: { background: "#0a0f12", foreground: "#e3eaec" },
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(box.current!);
    terminal.textarea?.setAttribute("aria-label", label);
    fit.fit();
    // Tab belongs to what runs; whoever has no mouse needs a way out all the same.
    terminal.attachCustomKeyEventHandler(({ key, ctrlKey }) => {
      if (key !== "F6" || !ctrlKey) return true;
      end.current?.focus();
      return false;
    });
    const link = connect(terminal, { print: (data, done) => terminal.write(data, done) });
    const typed = terminal.onData((data) => link.send(data));
    const sized = terminal.onResize((size) => link.resize(size));
    const observer = new ResizeObserver(() => fit.fit());
    observer.observe(box.current!);
    terminal.focus();
    return () => {
      observer.disconnect();
      typed.dispose();
      sized.dispose();
      link.close();
      terminal.dispose();
    };
  }, [label, connect]);
  return (
    <>
      <div ref={box} className={styles.terminal} />
      <span ref={end} tabIndex={-1} />
    </>
  );
}
