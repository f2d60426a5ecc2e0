/** The first words of every generated page. */
export const generatedNote = '<!-- Written by "npm run docs"; change what it is printed from instead. -->';
