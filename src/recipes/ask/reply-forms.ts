import { announced, type Form, labelled } from './reply.js'

const requestNames =
  '(?:user )?(?:instruction|question|request|prompt|query|task)|user|q|(?:用户)?(?:指令|问题|提问|请求)|用户'
const answerNames = '(?:rewritten |final )?(?:answer|response|reply|output)|assistant|a|回答|答案|答复|回复|助手'

/** What may stand around a user's request: labels, an announcement, talk of it, and the answer nobody wanted. */
export const requestForm: Form = {
  label: labelled(requestNames),
  preamble: announced('instruction|question|request|prompt|query|task'),
  chatter: /^(?:note|explanation|reasoning|rationale|(?:this|the) (?:instruction|question|request|prompt) |\()/i,
  end: new RegExp(`\\n\\s{0,8}(?:\\*\\*|#{1,6} )?(?:${answerNames})(?:\\*\\*)? ?[:：][\\s\\S]*`, 'i'),
}

/** What may stand around an answer: labels, an announcement, and an assistant's closing words. */
export const answerForm: Form = {
  label: labelled(answerNames),
  preamble: announced('answer|response|reply|rewrite|version'),
  chatter:
    /^(?:please )?(?:let me know|feel free|i hope|hope th|is there anything else|if you (?:have|need) (?:any|more|further))|^(?:希望(?:这|以上)|如果您?还?有(?:其他|任何))/i,
}
