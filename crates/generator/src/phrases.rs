//! The names and phrases of the sample data.

use wts_domain::Category;

pub(crate) const SURNAMES: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    "何", "郭", "马", "欧阳",
];

pub(crate) const GIVEN_NAMES: [&str; 24] = [
    "伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超",
    "思远", "雨桐", "子涵", "浩然", "欣怡", "宇航", "梓萱", "俊熙", "诗琪",
];

/// Long names, and names with uncommon characters.
pub(crate) const UNUSUAL_NAMES: [&str; 4] = ["阿依古丽·买买提", "𠮷野明", "O’Brien, Máire", "田㛃"];

/// Descriptions of problems with their categories.
pub(crate) const PROBLEMS: [(Category, &str); 12] = [
    (
        Category::IpOrDevice,
        "宿舍墙上的网口没有反应,换了网线也不行。",
    ),
    (Category::LowSpeed, "晚上八点以后网速特别慢,视频都打不开。"),
    (
        Category::ClientOrAccount,
        "客户端提示“账号已在别处登录”,但我只有一台电脑。",
    ),
    (Category::IpOrDevice, "新买的路由器拿不到 IP 地址。"),
    (Category::FirstInstall, "刚搬到新宿舍,还没有开通网络。"),
    (
        Category::ClientOrAccount,
        "换了电脑之后认证一直失败 (error 691)。",
    ),
    (Category::LowSpeed, "Wi-Fi 每隔十几分钟断一次。"),
    (
        Category::ClientOrAccount,
        "欠费停机后已经缴费,还是不能上网。",
    ),
    (Category::LowSpeed, "打游戏延迟很高,ping 网关就有 200 ms。"),
    (
        Category::IpOrDevice,
        "提示 IP 冲突: 10.21.3.118 与 00:1A:2B:3C:4D:5E。",
    ),
    (Category::FirstInstall, "新生报到,需要装机。"),
    (Category::Others, "走廊的交换机一直响。"),
];

/// Notes of students to the staff.
pub(crate) const NOTES: [&str; 4] = [
    "周三下午没有课。",
    "上门前请先打电话",
    "室友在,可以直接来。",
    "",
];

/// Remarks on scheduled tickets.
pub(crate) const SCHEDULED_REMARKS: [&str; 4] = [
    "已电话联系,约好上门时间。",
    "同学白天有课,约在晚上。",
    "需要带上测线仪。",
    "",
];
/// Remarks on delayed tickets.
pub(crate) const DELAYED_REMARKS: [&str; 3] = [
    "同学不在宿舍,改天再来。",
    "备件未到,顺延。",
    "电话无人接听。",
];
/// Remarks on escalated tickets.
pub(crate) const ESCALATED_REMARKS: [&str; 2] =
    ["楼层交换机端口异常,转交网络中心。", "运营商侧故障,已上报。"];
/// The remark on tickets that the system escalated.
pub(crate) const SYSTEM_ESCALATION_REMARK: &str = "超时未处理,自动上报";
/// Remarks on solved tickets.
pub(crate) const SOLVED_REMARKS: [&str; 5] = [
    "重做水晶头,测速正常。",
    "已解绑 MAC,重新认证成功。",
    "重启交换机端口后恢复。",
    "指导同学重新安装客户端,已可上网。",
    "问题已解决。",
];
/// Remarks on canceled tickets.
pub(crate) const CANCELED_REMARKS: [&str; 3] = ["自己弄好了,谢谢!", "重复报修。", ""];
/// Remarks on reopened tickets.
pub(crate) const REOPENED_REMARKS: [&str; 2] = ["问题再次出现,重新打开。", "回访时仍不能上网。"];
/// Remarks on traces that do not change the status.
pub(crate) const COMMENT_REMARKS: [&str; 4] = [
    "已通知楼管开门。",
    "查看日志:端口 Gi1/0/17 多次 up/down。",
    "同学补充:只有下雨天才断。",
    "等待运营商答复",
];

/// Characters that programs often handle incorrectly. They are appended to other strings.
pub(crate) const SPECIAL_CHARACTERS: [&str; 18] = [
    " “中文引号” \"quotes\" 'apostrophes' `ticks`",
    " C:\\Users\\新建文件夹\\",
    "\n第二行\r\n第三行\t制表",
    " 😀👨\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈🇨🇳",
    " 𠮷𡈽𪚥",
    " e\u{301}\u{327} \u{e9}",
    " \u{202e}txt.exe",
    " עברית العربية",
    "\u{2028}\u{2029}",
    "\u{feff}\u{200b}\u{200d}",
    " <script>alert(1)</script> &amp;",
    "'; drop table tickets; --",
    " \\N",
    "\n\\.\n",
    " \u{1}\u{1b}[31m\u{7f}\u{9f}",
    " \u{fffd}\u{fffe}\u{ffff}\u{10ffff}",
    " null NULL undefined NaN -0",
    " {\"type\":\"end\"}",
];
