"""General help as data: a question, its answer in paragraphs, for whom. What a procedure is about, services say."""
# ruff: noqa: E501 — sentences stand whole, as they are searched and translated

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kiban.kernel.text import search_key


@dataclass(frozen=True)
class Audience:
    """Somebody for whom help is written; `key` is the word in the address."""

    key: str
    label: Promise
    summary: Promise


@dataclass(frozen=True)
class Topic:
    """A question and its answer, paragraph by paragraph."""

    key: str
    audience: str
    question: Promise
    answer: tuple[Promise, ...]

    def says(self, words: list[str]) -> bool:
        """Whether every word (as `search_key` writes it) occurs."""
        text = search_key("\n".join(str(part) for part in (self.question, *self.answer)))
        return all(word in text for word in words)


AUDIENCES = (
    Audience(
        "resident", _("For residents and businesses"), _("Find a procedure, apply, follow your application")
    ),
    Audience("clerk", _("For staff at the counter"), _("Take applications, check them, decide, hand over")),
    Audience(
        "administrator",
        _("For administrators of a body"),
        _("People, closed days, parameters, participation"),
    ),
    Audience(
        "official", _("For officials of ministries and prefectures"), _("Editions, coming changes, figures")
    ),
)

TOPICS = (
    Topic("begin", "resident", _("How do I apply?"), (
        _("Look for the procedure by its name or a keyword, choose your municipality and press “Go on to the application”. After signing in you fill in the form page by page."),
        _("Nothing is sent before you press the last button on the confirmation page. After that a receipt number is shown: from then on your application has arrived."),
    )),
    Topic("draft", "resident", _("Can I stop and go on later?"), (
        _("Yes. Every page is kept as a draft as you go on, and what you typed is kept even when it is still wrong. You find your drafts on My page; you can also delete them there."),
        _("Nobody but you can see a draft. Staff see your application only after you have sent it."),
    )),
    Topic("wrong", "resident", _("A field is marked as wrong. What shall I do?"), (
        _("The list at the top of the page says what has to be corrected; each line leads to its field. What you have entered stays."),
        _("Dates may be written in the Japanese era or in the Western calendar, numbers in full or half width. Names are kept exactly as you write them."),
    )),
    Topic("files", "resident", _("Which files can I attach?"), (
        _("PDF, JPEG and PNG, up to 10 MB each. A photograph taken with a phone is enough when it can be read."),
        _("A file that is empty, too large or of another kind is not taken; the page says so and keeps everything else."),
    )),
    Topic("follow", "resident", _("Where do I see how my application stands?"), (
        _("On My page: each application shows its state, what comes next, days that count, notices and documents. You can print a copy of what you sent."),
        _("If you like, an e-mail tells you that there is a notice. Choose this under Notices, E-mail settings."),
    )),
    Topic("correct", "resident", _("The office asks me to correct my application."), (
        _("Open the application on My page and press the button for the correction. The form comes with what you sent; change what was asked for and send it again."),
    )),
    Topic("withdraw", "resident", _("Can I withdraw an application?"), (
        _("Where the procedure allows it, the page of your application has a button for it, as long as nothing has been handed over. The state is shown as withdrawn afterwards."),
    )),
    Topic("signed-out", "resident", _("I was signed out while I was filling in a form."), (
        _("For your safety you are signed out after a while without doing anything, and after eight hours in any case. A few minutes before, a message asks whether you want to go on."),
        _("Nothing is lost: sign in again and you are on the same page with what you had typed."),
    )),
    Topic("language", "resident", _("Can I read this in English?"), (
        _("Yes. Press “English” at the top of the page. Names of municipalities are shown in both languages. Documents are issued in Japanese."),
    )),
    Topic("paper", "resident", _("Can I still apply on paper or at the counter?"), (
        _("Yes. At the counter staff enter your application for you; you need not fill in a form, and you get the same copy."),
    )),
    Topic("inbox", "clerk", _("Where do I see what has to be done?"), (
        _("Cases lists the open cases of your body, the earliest due first. Search by number, name or code, and filter by procedure, state and by what is due."),
        _("What you see follows from your roles. A case that you may not see looks as if it did not exist."),
    )),
    Topic("act", "clerk", _("How do I act on a case?"), (
        _("Open the case. “What you can do now” lists the actions that your roles and the state of the case allow, with what each of them will cause. Actions that are not possible yet say why."),
        _("Pressing a button twice acts once. When somebody else has acted in the meantime, you are told and nothing is overwritten."),
    )),
    Topic("checks", "clerk", _("What are the checks on the page of a case?"), (
        _("They show how each legal criterion stands, with its article: met, not met, needs a reason, or needs a judgement. A reason that you give is kept with the act."),
    )),
    Topic("counter", "clerk", _("Somebody applies at the counter or on paper."), (
        _("Press “New” above the list of cases and fill in the form together with the person. The same rules apply as online. Print the copy from the page of the case."),
    )),
    Topic("return", "clerk", _("The application is incomplete."), (
        _("Send it back for correction and write what has to be changed. The applicant gets a notice and the form with what was sent; the time until the correction does not count as yours."),
    )),
    Topic("mistake", "clerk", _("Something went wrong: a typing mistake, the wrong thing handed out, the wrong decision."), (
        _("Nothing is rewritten; it is mended by an action of its own on the page of the case, with a reason. Papers are replaced or withdrawn, the applicant is told, and a decision is undone by another person than the one who decided."),
    )),
    Topic("history", "clerk", _("Who did what, and when?"), (
        _("The history at the end of the case page shows every act with the person, the time and what changed. It can't be altered. Looking at a case is noted as well."),
        _("Towards the applicant you appear as your department only, never by name."),
    )),
    Topic("print", "clerk", _("How do I print?"), (
        _("Use the print function of your browser on any page: menus and buttons are left out. Documents are PDF files."),
    )),
    Topic("notes", "clerk", _("How do I leave a note for colleagues, or hand a case over?"), (
        _("On the page of the case you can write notes, take the case yourself, or hand it over to a department or a person with a word to them. The applicant never sees any of this."),
    )),
    Topic("many", "clerk", _("Can I act on many cases at once?"), (
        _("Choose them in the list of cases and press the action. Each case has its own outcome: what was refused says why, and nothing is done twice."),
    )),
    Topic("till", "clerk", _("How is the day closed at the till?"), (
        _("Under Collections: count the cash and close the day. A difference needs a reason. What is paid or paid back after closing stands in the book of the next day."),
        _("What was paid twice is listed under Owed and overpaid: open the case and pay it back there. The payer is told, and the receipt says so."),
    )),
    Topic("registry", "clerk", _("How do I change a registry?"), (
        _("A registry changes only through cases. The page of the registry has the buttons for what may be changed; where the service asks for it, a second person approves."),
    )),
    Topic("people", "administrator", _("How do I give somebody access?"), (
        _("Under Settings, People and roles: the sign-in name, the role, the first day and the reason. A role can end on a day; a deputy’s role always does."),
        _("The password is set by the person with a sign-in link, which your operator makes. Five wrong passwords lock a name for a quarter of an hour."),
    )),
    Topic("absence", "administrator", _("Somebody is away. Who acts for them?"), (
        _("The person or an administrator enters the absence with a deputy. Until it ends the deputy acts in their place, and the history says so. Who has accepted a case still can’t decide on it."),
    )),
    Topic("questions", "administrator", _("Can we ask a question of our own?"), (
        _("Under Settings, Fields of the body, where the edition leaves room. The answers stay with your body and go to no ministry and no other body."),
    )),
    Topic("texts", "administrator", _("Can we add our own words on personal data or contact?"), (
        _("Under Settings, Texts of the pages. They stand on the page of your municipality, in both languages if you like."),
    )),
    Topic("ledger", "administrator", _("We keep a ledger in Excel. Can it be taken over?"), (
        _("Under Settings: download the workbook, fill it in and send it. Every wrong cell is named. Nothing is taken over before you confirm, and sending it again doubles nothing."),
    )),
    Topic("parameters", "administrator", _("How do I change a fee or a time limit?"), (
        _("Under Settings, Parameters. You see the national value, the bounds of the law and what your body has set. Say from which day on the new value holds, and why; “See the effect” shows an example before you save."),
        _("Values hold from today or from a later day. What was decided before stays as it was."),
    )),
    Topic("closed", "administrator", _("Where do I enter the days on which we are closed?"), (
        _("Under Settings, Closed days, one by one, as a range or from a CSV file. National holidays are known. Time limits in open days are counted with your calendar."),
    )),
    Topic("taking-part", "administrator", _("How does our body join or leave a service?"), (
        _("Under Settings, Participation: not at all, on trial or fully, from a day on. Cases that are open stay open when a body leaves."),
    )),
    Topic("office", "administrator", _("What do residents see of our office?"), (
        _("The name of the counter, telephone, e-mail, address and hours that stand under Settings, Counter and contact. They are shown beside each procedure."),
    )),
    Topic("systems", "administrator", _("How do our other systems learn of changes?"), (
        _("Under Settings, Webhooks: another system is told which case has moved, signed and never with its content, and asks for the rest through the API."),
    )),
    Topic("trace", "administrator", _("Who has changed a setting?"), (
        _("History of settings shows every change with the person, the time and the reason. It can't be altered."),
    )),
    Topic("editions", "official", _("How does a change of the law get into the system?"), (
        _("The service is data. A new edition is checked with its scenarios, its difference to the one before is shown in words, and it is published from a day on. It is in force everywhere on that day, without an interruption."),
        _("Cases that are open keep the edition under which they were opened; drafts are checked against what holds on the day on which they are sent."),
    )),
    Topic("coming", "official", _("Where do I see what will change?"), (
        _("Coming changes lists new editions and values with their day, for the whole country and for each body. It is open to everybody."),
    )),
    Topic("sight", "official", _("What do I see of the cases of municipalities?"), (
        _("What your role says: for most ministries figures only; where the law provides for it, the list of cases that were brought to you. Nobody looks into another body’s data."),
    )),
    Topic("figures", "official", _("Where are the figures?"), (
        _("Under Figures of the service, as charts with the table beside them, and through the API. Effect shows waiting, returns and channels as they follow from what happened."),
    )),
    Topic("local", "official", _("What may a municipality decide itself?"), (
        _("What the edition leaves to it, inside the bounds of the law: values, choices, participation, its calendar. The settings name the article for each."),
    )),
)  # fmt: skip


def audience(key: str) -> Audience | None:
    """The audience with this word in its address."""
    return next((found for found in AUDIENCES if found.key == key), None)


def of(key: str) -> Iterator[Topic]:
    """The topics for an audience."""
    return (topic for topic in TOPICS if topic.audience == key)


def found(words: list[str]) -> list[Topic]:
    """The topics in which every word occurs."""
    return [topic for topic in TOPICS if topic.says(words)]
