// The language of the page, and its words in that language.

import { withStorage } from './dom.js';

const KEY = 'wts-language';
const LANGUAGES = ['zh', 'en'];

const stored = withStorage(() => localStorage.getItem(KEY)) ?? history.state?.language;
export const language = LANGUAGES.find(name => name === stored) ?? (navigator.languages.find(tag => /^(zh|en)\b/i.test(tag)) ?? 'en').slice(0, 2).toLowerCase();
document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';

/** Changes the language: the page loads again. Where the browser forbids storage, `history.state` keeps the language and `token`. */
export function switchLanguage(token) {
  const next = language === 'zh' ? 'en' : 'zh';
  const isStored = withStorage(() => localStorage.setItem(KEY, next) ?? true);
  if (!isStored) history.replaceState({ language: next, token }, '');
  location.reload();
}

/** The texts and labels in the visitor's language, and the ranks of operators. */
export const { texts, labels, operators } = language === 'zh' ? await import('./texts-zh.js') : await import('./texts-en.js');

/** Returns the title and the advice for a failure. */
export function failureTexts({ kind }) {
  return texts.failures[kind] ?? texts.failures.unexpected;
}
