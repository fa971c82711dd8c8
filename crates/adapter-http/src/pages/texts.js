// The page's own words in Chinese and English. The words for statuses, priorities and categories are in `labels.js`.

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

const ENGLISH = {
  skip: 'Skip to content', otherLanguage: '中文', product: 'Repair tickets', loading: 'Loading…',
  ticket: number => `Ticket ${number}`, since: ['since ', ''], overall: 'Current state',
  status: 'Status', priority: 'Priority', category: 'Category', appointment: 'Appointment', created: 'Created', updated: 'Last update',
  none: 'none', noStatus: 'No status', timeInStatus: 'Time in each status', soFar: 'so far', visits: count => `${count} times`,
  history: count => `History (${count})`, newestFirst: 'Newest first', oldestFirst: 'Oldest first', order: 'Order',
  csv: 'Download CSV', print: 'Print', you: 'You', system: 'System', user: 'Student', staff: id => `Staff ${id}`,
  createdTicket: 'created the ticket', noted: 'left a note', changed: 'updated the ticket', repeated: (field, value) => `${field} stays ${value}`,
  set: (field, to) => `${field}: ${to}`, from: 'from', to: 'to', fold: count => `Show ${count} entries in between`,
  record: 'Record', showAll: size => `Show the whole remark (${size})`, newEntries: count => count === 1 ? '1 new entry' : `${count} new entries`,
  live: 'Live', today: 'Today', yesterday: 'Yesterday', tomorrow: 'Tomorrow', empty: 'This ticket has no entries yet.',
  undated: 'No date', infinity: 'End of time', '-infinity': 'Beginning of time',
  findings: 'This history is unusual:',
  finding: { no_traces: 'It has no entries.', not_created: 'It does not begin with the creation of the ticket.', step_not_allowed: 'A status follows one that it may not follow.', out_of_order: 'Some entries were recorded in another order than that of their times.' },
  shown: ['What you see is from ', '.'], retryIn: seconds => `Trying again in ${seconds} s.`, retry: 'Try again', requestId: 'Request ID',
  offline: 'You are offline.', signIn: 'Sign in', useToken: 'Use token', token: 'Token',
  confirmTitle: 'Use the token of this link?', confirm: (theirs, yours) => `The link is for ${theirs}. In this tab you are ${yours}.`, accept: 'Use the link', decline: 'Stay as I am', unnamed: 'without a number',
  startTitle: 'The history of every repair ticket', startText: 'Students follow the repair of their network here; staff see every ticket.', open: 'Open ticket', number: 'Ticket number', docs: 'API documentation', health: 'Service health', activity: 'Activity',
  activityText: 'What happens now, newest first', pause: 'Pause', resume: 'Resume', filters: 'Filters', apply: 'Apply', clear: 'Clear', operator: 'Staff number', older: 'Show older entries', noActivity: 'No entries match.', anyStatus: 'Statuses', anyPriority: 'Priorities', tickets: 'Ticket numbers', denied: list => `No such ticket: ${list}`, list: 'Entries',
  failures: {
    'no-token': ['Please sign in', 'To see this page, open it from the link that you were sent, or sign in.'],
    expired: ['Your sign-in has expired', 'Please sign in again to see the newest state.'],
    refused: ['Your sign-in was not accepted', 'Please sign in again. If that does not help, pass on the request ID.'],
    unregistered: ['Your account is not active', 'Please complete your registration first.'],
    'not-yours': ['This is not your ticket', 'You can see the tickets that you filed yourself. Please check the number, or sign in with the other account.'],
    'not-found': ['There is no such ticket', 'Please check the number.'],
    'bad-request': ['This address is not valid', 'Please check the number of the ticket and the filters.'],
    'staff-only': ['This page is for staff', 'You can open the tickets that you filed yourself.'],
    'too-many': ['Too many requests', 'The page waits and tries again by itself.'],
    busy: ['The service is busy', 'The page tries again by itself.'],
    fault: ['Something went wrong on our side', 'The page tries again by itself. If it lasts, please pass on the request ID.'],
    unreachable: ['The service cannot be reached', 'Please check your connection. The page tries again by itself.'],
    replaced: ['Updates stopped', 'You have this service open in many windows.'],
    unexpected: ['An unexpected response', 'Please try again. If it lasts, please pass on the request ID.'],
  },
};

const CHINESE = {
  skip: '跳到内容', otherLanguage: 'English', product: '网络报修', loading: '正在加载……',
  ticket: number => `${number} 号工单`, since: ['自 ', ' 起'], overall: '当前状态',
  status: '状态', priority: '优先级', category: '故障类型', appointment: '预约', created: '创建时间', updated: '最近更新',
  none: '无', noStatus: '无状态', timeInStatus: '各状态用时', soFar: '至今', visits: count => `共 ${count} 次`,
  history: count => `处理记录（${count}）`, newestFirst: '最新在前', oldestFirst: '最早在前', order: '排序',
  csv: '下载 CSV', print: '打印', you: '您', system: '系统', user: '报修人', staff: id => `工号 ${id}`,
  createdTicket: '创建了工单', noted: '留下备注', changed: '更新了工单', repeated: (field, value) => `${field}仍为${value}`,
  set: (field, to) => `${field}：${to}`, from: '原为', to: '改为', fold: count => `展开中间的 ${count} 条记录`,
  record: '原始记录', showAll: size => `显示完整备注（${size}）`, newEntries: count => `${count} 条新记录`,
  live: '实时', today: '今天', yesterday: '昨天', tomorrow: '明天', empty: '此工单还没有记录。',
  undated: '无日期', infinity: '无限远的将来', '-infinity': '无限远的过去',
  findings: '此工单的记录有异常：',
  finding: { no_traces: '没有任何记录。', not_created: '第一条记录不是创建工单。', step_not_allowed: '某次状态变化不符合流程。', out_of_order: '部分记录的写入顺序与时间顺序不一致。' },
  shown: ['当前显示的是 ', ' 的内容。'], retryIn: seconds => `${seconds} 秒后重试。`, retry: '重试', requestId: '请求编号',
  offline: '您已离线。', signIn: '登录', useToken: '使用令牌', token: '令牌',
  confirmTitle: '使用此链接的令牌吗？', confirm: (theirs, yours) => `此链接属于 ${theirs}，而您在本标签页的身份是 ${yours}。`, accept: '使用链接', decline: '保持不变', unnamed: '（无学号）',
  startTitle: '每一张报修工单的处理记录', startText: '同学可以在这里了解自己报修的进展，网维成员可以查看所有工单。', open: '打开工单', number: '工单号', docs: 'API 文档', health: '服务状态', activity: '动态',
  activityText: '正在发生的事，最新在前', pause: '暂停', resume: '继续', filters: '筛选', apply: '应用', clear: '清除', operator: '工号', older: '显示更早的记录', noActivity: '没有符合条件的记录。', anyStatus: '状态', anyPriority: '优先级', tickets: '工单号', denied: list => `没有这些工单：${list}`, list: '记录',
  failures: {
    'no-token': ['请先登录', '请通过收到的链接打开此页，或先登录。'],
    expired: ['登录已过期', '请重新登录以查看最新进展。'],
    refused: ['登录信息未被接受', '请重新登录。如仍不行，请提供下面的请求编号。'],
    unregistered: ['您的账号尚未激活', '请先完成注册。'],
    'not-yours': ['这不是您的工单', '您只能查看自己提交的工单。请核对工单号，或换用其他账号登录。'],
    'not-found': ['没有这个工单', '请核对工单号。'],
    'bad-request': ['此地址无效', '请核对工单号和筛选条件。'],
    'staff-only': ['此页面仅供网维成员使用', '您可以打开自己提交的工单。'],
    'too-many': ['请求过于频繁', '页面会稍等片刻并自动重试。'],
    busy: ['服务繁忙', '页面会自动重试。'],
    fault: ['服务出现问题', '页面会自动重试。如持续出现，请提供下面的请求编号。'],
    unreachable: ['无法连接到服务', '请检查网络连接。页面会自动重试。'],
    replaced: ['已停止自动更新', '您打开了太多窗口。'],
    unexpected: ['收到意外的响应', '请重试。如持续出现，请提供下面的请求编号。'],
  },
};

/** The texts in the visitor's language. */
export const texts = language === 'zh' ? CHINESE : ENGLISH;

/** Returns the title and the advice for a failure. */
export function failureTexts({ kind }) {
  return texts.failures[kind] ?? texts.failures.unexpected;
}
