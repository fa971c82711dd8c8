// The language of the page, and its words in that language.

import { withStorage } from './dom.js';

const KEY = 'wts-language';
const LANGUAGES = ['zh', 'en'];

const stored = withStorage(() => localStorage.getItem(KEY));
export const language = LANGUAGES.find(name => name === stored) ?? (navigator.languages.find(tag => /^(zh|en)\b/i.test(tag)) ?? 'en').slice(0, 2).toLowerCase();
document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';

/** Changes the language: the page loads again. */
export function switchLanguage() {
  withStorage(() => localStorage.setItem(KEY, language === 'zh' ? 'en' : 'zh'));
  location.reload();
}

/** The texts in the visitor's language. */
export const { texts } = language === 'zh' ? await import('./texts-zh.js') : await import('./texts-en.js');

/** Returns the title and the advice for a failure. */
export function failureTexts({ kind }) {
  return texts.failures[kind] ?? texts.failures.unexpected;
}
