"""What columns are called, and what stands in them, in the exports of Mailchimp, Klaviyo, SHOPLINE,
Omnisend, Brevo and in a hand-made sheet; without case, spaces and signs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLUMNS: Mapping[str, Sequence[str]] = {
    "email": (
        "email", "emailaddress", "subscriberemail", "contactemail", "customeremail", "emailid",
        "mail", "recipient", "recipientemail", "adresseemail", "emailadresse", "correo",
        "correoelectronico", "電子郵件", "電子郵件地址", "電子信箱", "電郵", "电子邮件", "电子邮箱",
        "邮箱", "メールアドレス",
    ),
    "phone": (
        "phone", "phonenumber", "mobile", "mobilephone", "mobilenumber", "mobilephonenumber",
        "smsphonenumber", "smsnumber", "sms", "telephone", "tel", "cell", "cellphone", "msisdn",
        "contactphone", "customerphone", "telefon", "telephonenumber", "手機", "手機號碼", "電話",
        "電話號碼", "手机", "手机号", "手机号码", "电话", "電話番号",
    ),
    "channel": ("channel", "channels", "subscriptionchannel", "medium", "渠道", "管道"),
    "date": (
        "unsubtime", "unsubscribetime", "unsubscribedat", "unsubscribedate", "unsubscribedon",
        "unsubscribeddate", "dateunsubscribed", "optouttime", "optoutdate", "optedoutat",
        "optoutat", "suppressedat", "suppressiondate", "suppressiontimestamp", "cleantime",
        "timestamp", "date", "time", "eventtime", "lastchanged", "日期", "時間", "时间",
    ),
    "reason": (
        "unsubreason", "unsubscribereason", "unsubscribedreason", "suppressionreason", "reason",
        "cleancampaigntitle", "note", "comment", "原因",
    ),
    "status": (
        "status", "subscriptionstatus", "emailmarketingconsent", "emailmarketingstatus",
        "emailsubscriptionstatus", "emailsubscribestatus", "smsmarketingconsent", "emailstatus",
        "subscribed", "subscribestatus", "acceptsmarketing", "acceptsemailmarketing", "consent",
        "訂閱狀態", "订阅状态",
    ),
    "refusal": (
        "unsubscribed", "optout", "optedout", "isunsubscribed", "suppressed", "donotcontact",
        "donotemail", "globalunsubscribe",
    ),
}
"""Of several columns that fit, the one that stands first here."""
SAYS_YES = frozenset(
    {"subscribed", "subscribe", "yes", "true", "1", "active", "optin", "optedin", "confirmed",
     "granted", "y", "已訂閱", "已订阅", "是"}
)
SAYS_NO = frozenset({"no", "false", "0", "n", "否"})
