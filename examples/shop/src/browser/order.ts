import { one } from './dom.js';

const order = one('[data-order]').textContent ?? '';
one('[data-receipt]').addEventListener('click', () => {
  window.open(`/orders/${order}/receipt`, 'receipt', 'popup,width=480,height=640');
});
