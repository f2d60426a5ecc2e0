/** Of `total`, each tenth once. */
export function sayTenths(total: number, say: (line: string) => void): (done: number) => void {
  let told = 0;
  return (done) => {
    const tenths = Math.floor((done * 10) / total);
    if (tenths > told) say(`  ${tenths * 10} %`);
    told = tenths;
  };
}
