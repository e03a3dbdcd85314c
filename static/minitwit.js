// Comfort, 5 KB at most: every page does all it is for without this, and goes on without it where it fails.
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Times: how long ago, and in the title the exact one where the reader is.
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
  const ago = then => {
    let amount = (Date.now() - then) / 60000;
    if (amount < 1) return 'now';
    for (const [size, unit] of [[60, 'min'], [24, 'h'], [7, 'd']]) {
      if (amount < size) return `${Math.floor(amount)} ${unit}`;
      amount /= size;
    }
    const year = then.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
    return then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year });
  };
  const showTimes = () => {
    for (const time of all('time[datetime]')) {
      const then = new Date(time.dateTime);
      if (isNaN(then)) continue;
      const text = ago(then);
      if (time.textContent !== text) time.textContent = text;
      time.title ||= exact.format(then);
    }
  };
  showTimes();
  setInterval(showTimes, 30000);

  // Boxes to write in: what is left near the limit, counted as the server counts.
  const letters = text => 'Segmenter' in Intl ? [...new Intl.Segmenter().segment(text)].length : [...text].length;
  const count = box => {
    const hint = box.form.querySelector('.hint');
    if (!hint) return;
    hint.dataset.says ??= hint.textContent;
    const left = box.dataset.max - letters(box.value.trim());
    const text = left > 50 ? hint.dataset.says : left < 0 ? `${-left} too many.` : `${left} left.`;
    if (hint.textContent === text) return;
    // Read aloud now and then, not at every key.
    hint.setAttribute('aria-live', left === -1 || left % 10 === 0 ? 'polite' : 'off');
    hint.textContent = text;
    hint.classList.toggle('over', left < 0);
  };

  // Drafts: kept in this window until they are sent, each for its writer and its place.
  const me = document.querySelector('.me')?.getAttribute('href');
  const place = box => `draft ${me} ${box.form.getAttribute('action')}`;
  const store = (method, ...values) => {
    try {
      return sessionStorage[method](...values);
    } catch {
      return null; // The browser keeps nothing.
    }
  };
  const sent = store('getItem', 'sent');
  if (sent) {
    store('removeItem', 'sent');
    if (document.querySelector('.flashes') && !document.querySelector('.error, .lost')) store('removeItem', sent);
  }
  for (const box of all('textarea[data-max]')) {
    if (!box.value) box.value = store('getItem', place(box)) ?? '';
    if (box.value) count(box);
  }
  document.addEventListener('input', ({ target }) => {
    if (!target.matches('textarea[data-max]')) return;
    store('setItem', place(target), target.value);
    count(target);
  });
  document.addEventListener('keydown', event => {
    const { target, key, ctrlKey, metaKey } = event;
    if (key === 'Enter' && (ctrlKey || metaKey) && target.matches('textarea[data-max]')) {
      event.preventDefault();
      target.form.requestSubmit();
    }
  });

  // Actions: the same form, sent without leaving the page. Of the answer, which is this page again, the part
  // around the form takes its place.
  const act = async form => {
    const part = form.closest('[id]');
    const at = all('a, button, summary', part).indexOf(document.activeElement);
    const isOpen = Boolean(part.querySelector('details[open]'));
    const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.getElementById(part.id);
    if (!answer.ok || !fresh || new URL(answer.url).pathname !== location.pathname) throw answer;
    part.replaceWith(fresh);
    showTimes();
    fresh.querySelector('details')?.toggleAttribute('open', isOpen);
    (fresh.querySelector('.flashes li') ?? all('a, button, summary', fresh)[at] ?? fresh).focus();
  };
  document.addEventListener('submit', event => {
    const form = event.target;
    const box = form.querySelector('textarea[data-max]');
    if (box) store('setItem', 'sent', place(box));
    if (form.matches('.leave')) store('clear');
    if (!form.matches('[data-action]')) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = 'yes';
    act(form).catch(() => form.submit());
  });
})();
