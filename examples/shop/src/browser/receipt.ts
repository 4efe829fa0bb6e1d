document.querySelector('[data-print]')?.addEventListener('click', () => print());
console.log(`receipt opened by ${opener ? 'the order page' : 'its address'}`);

export {};
