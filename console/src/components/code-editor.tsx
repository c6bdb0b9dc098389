/** An editor for code. It is heavy: to be loaded lazily. Tab leaves it, as it leaves every field. */

import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { basicSetup, EditorView } from "codemirror";
import { useEffect, useRef } from "react";
import styles from "./code-editor.module.css";

const languages = { json, yaml, javascript, text: () => [] } as const;

export interface CodeEditorProps {
  readonly label: string;
  readonly language: keyof typeof languages;
  /** What it shows; another text than it has replaces that. */
  readonly value: string;
  readonly isReadOnly?: boolean;
  onChange?(value: string): void;
  /** Ctrl-Enter, or ⌘-Enter. */
  onSubmit?(): void;
}

export default function CodeEditor({ label, language, value, isReadOnly = false, ...events }: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView>(undefined);
  const latest = useRef(events);
  latest.current = events;
  const first = useRef(value);
  first.current = value;
  const lock = useRef(new Compartment());

  useEffect(() => {
    const submit = (): boolean => {
      latest.current.onSubmit?.();
      return latest.current.onSubmit !== undefined;
    };
    const view = new EditorView({
      parent: box.current!,
      doc: first.current,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: submit }])),
        basicSetup,
        languages[language](),
        syntaxHighlighting(classHighlighter),
        lock.current.of(EditorState.readOnly.of(false)),
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
        }),
      ],
    });
    view.scrollDOM.tabIndex = 0; // what scrolls must be reached by keyboard
    editor.current = view;
    return () => view.destroy();
  }, [label, language]);

  useEffect(() => {
    editor.current?.dispatch({ effects: lock.current.reconfigure(EditorState.readOnly.of(isReadOnly)) });
  }, [isReadOnly]);

  useEffect(() => {
    const view = editor.current;
    if (!view || view.state.doc.toString() === value) return;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
  }, [value]);

  return <div ref={box} className={styles.editor} />;
}
