import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { dialog } from '../../state/dialogs.js';
import { Icon } from '../parts/icons.js';

export interface ModalProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** A dialog above the page, which waits until it is closed: by Escape, its button, or a click beside it. */
export function Modal({ title, children }: ModalProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  // At once, not after the next frame: who types on does so in the dialog.
  useLayoutEffect(() => {
    element.current!.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      class="modal"
      aria-labelledby="modal-title"
      onClose={() => (dialog.value = null)}
      onClick={({ target }) => {
        if (target === element.current) element.current!.close();
      }}
    >
      <div class="modal-body">
        <header class="modal-head">
          <h2 id="modal-title">{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => element.current!.close()}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
