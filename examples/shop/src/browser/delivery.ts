function tell(): void {
  const chosen = document.querySelector<HTMLInputElement>('input[name=slot]:checked');
  parent.postMessage({ type: 'delivery.slot', slot: chosen?.value ?? '' }, location.origin);
}

document.addEventListener('change', tell);
tell();

export {};
