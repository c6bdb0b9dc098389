/** Ctrl-K: goes to a page, or to anything by a part of its name or its id. */
import { Dialog } from "@base-ui/react/dialog";
import { type KeyboardEvent, useId, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../api/call.ts";
import { useRead } from "../api/use-read.ts";
import { useSelf } from "../api/use-self.ts";
import { placeOf } from "../places.ts";
import { mayOpen, routes } from "../routes.ts";
import styles from "./palette.module.css";

interface Place {
  readonly kind: string;
  readonly name: string;
  readonly path: string;
  /** Team, host or owner. */
  readonly where?: string | null;
}

/** Whoever is still typing is not asked about yet. */
const typingMs = 120;

export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.shade} />
        <Dialog.Popup className={styles.popup} aria-label="Find">
          <Finder onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Finder({ onClose }: { onClose(): void }) {
  const [words, setWords] = useState("");
  const [chosen, setChosen] = useState(0);
  const [, navigate] = useLocation();
  const list = useId();
  const places = usePlaces(words);
  const active = Math.min(chosen, places.length - 1);

  function go(place: Place | undefined): void {
    if (!place) return;
    onClose();
    navigate(place.path);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Enter") go(places[active]);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || places.length === 0) return;
    event.preventDefault();
    setChosen((active + step + places.length) % places.length);
  }

  return (
    <>
      <input
        className={styles.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={places.length > 0 ? `${list}-${active}` : undefined}
        aria-label="Find a page, or anything by its name"
        placeholder="A page, or anything by its name"
        value={words}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setWords(event.target.value);
          setChosen(0);
        }}
      />
      <div id={list} role="listbox" aria-label="Found" className={styles.list}>
        {places.map((place, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus
          <div
            key={place.path}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            className={styles.place}
            onClick={() => go(place)}
            onPointerMove={() => setChosen(index)}
          >
            <span className={styles.name}>{place.name}</span>
            <span className={styles.kind}>{[place.kind, place.where].filter(Boolean).join(" · ")}</span>
          </div>
        ))}
      </div>
      {places.length === 0 && <p className={styles.none}>Nothing has this in its name.</p>}
    </>
  );
}

/** Pages by a part of their name, at once; all else as the yard finds it. */
function usePlaces(words: string): readonly Place[] {
  const self = useSelf();
  const wanted = words.trim();
  const found = useRead(wanted === "" ? undefined : wanted, async (signal) => {
    await new Promise((resolve) => setTimeout(resolve, typingMs));
    signal.throwIfAborted();
    return call("GET /yard/v1/search", { query: { q: wanted.slice(0, 200) } }, { signal });
  });
  const pages = routes.flatMap(({ title = "", ...route }): Place[] =>
    title !== "" && mayOpen(route, self) ? [{ kind: "page", name: title, path: route.path }] : [],
  );
  const things = (found.data?.items ?? []).flatMap((thing): Place[] => {
    const path = placeOf(thing);
    // Capsules of one template are told apart by their ids.
    const isCapsule = thing.kind === "capsule";
    const name = isCapsule ? thing.id : thing.name;
    const where = isCapsule ? `${thing.name} · ${thing.where}` : thing.where;
    return path === undefined ? [] : [{ kind: thing.kind, name, where, path }];
  });
  const isWanted = ({ name }: Place) => name.toLowerCase().includes(wanted.toLowerCase());
  return [...pages.filter(isWanted), ...things];
}
